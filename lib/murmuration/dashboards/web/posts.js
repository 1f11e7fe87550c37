// Posts as a table that the kernel sorts, pages and searches. What people wrote is only ever set as text.
const made = (tag, text = "", more = {}) => {
  const element = document.createElement(tag);
  if (text) element.textContent = text;
  for (const [name, value] of Object.entries(more)) {
    if (name in element && name !== "role") element[name] = value;
    else element.setAttribute(name, value);
  }
  return element;
};

const save = (name, kind, buffer) => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([buffer], { type: kind }));
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
};

export default {
  render({ model, el }) {
    el.classList.add("mm-posts");
    const section = made("section", "", { "aria-label": "Posts" });
    const bar = made("form", "", { className: "mm-bar", role: "search" });
    const label = made("label", "Search in posts ");
    const box = made("input", "", { type: "search", autocomplete: "off" });
    label.append(box);
    const go = made("button", "Search", { type: "submit" });
    bar.append(label, go);
    const told = made("p", "", { className: "mm-quiet", role: "status" });
    const scroll = made("div", "", { className: "mm-scroll" });
    const table = document.createElement("table");
    scroll.append(table);
    const pager = made("nav", "", { className: "mm-bar", "aria-label": "Pages of posts" });
    const back = made("button", "← Previous", { type: "button" });
    const where = made("span", "", { className: "mm-quiet" });
    const next = made("button", "Next →", { type: "button" });
    const csv = made("button", "Download CSV", { type: "button" });
    const parquet = made("button", "Download Parquet", { type: "button" });
    pager.append(back, where, next, made("span", "", { className: "mm-gap" }), csv, parquet);
    section.append(bar, told, scroll, pager);
    el.replaceChildren(section);

    const send = (wish) => model.send({ turn: model.get("shown").turn, ...wish });
    bar.addEventListener("submit", (event) => { event.preventDefault(); send({ words: box.value }); });
    box.addEventListener("search", () => { if (!box.value && model.get("shown").words) send({ words: "" }); });
    back.addEventListener("click", () => send({ page: model.get("shown").page - 1 }));
    next.addEventListener("click", () => send({ page: model.get("shown").page + 1 }));
    csv.addEventListener("click", () => send({ download: "csv" }));
    parquet.addEventListener("click", () => send({ download: "parquet" }));
    model.on("msg:custom", (message, buffers) => {
      if (message.file) save(message.file, message.kind, buffers[0]);
      if (message.problem) told.textContent = message.problem;
    });

    const header = (column, shown) => {
      const th = made("th", "", { scope: "col" });
      if (!column.order) { th.textContent = column.title; return th; }
      const on = shown.order === column.order;
      th.setAttribute("aria-sort", on ? (shown.descending ? "descending" : "ascending") : "none");
      const sign = on ? (shown.descending ? " ↓" : " ↑") : "";
      const button = made("button", column.title + sign, { type: "button", className: "mm-plain", "data-order": column.order });
      button.addEventListener("click", () => send({ order: column.order, descending: on ? !shown.descending : true }));
      th.append(button);
      return th;
    };
    const draw = () => {
      const shown = model.get("shown");
      if (document.activeElement !== box) box.value = shown.words;
      told.textContent = shown.told;
      const head = document.createElement("tr");
      head.append(...shown.columns.map((column) => header(column, shown)));
      const body = document.createElement("tbody");
      for (const row of shown.rows) {
        const line = document.createElement("tr");
        shown.columns.forEach((column) => {
          const td = made("td", "", { "data-title": column.title });
          const value = row[column.name];
          if (column.name === "text") { td.dir = "auto"; td.className = "mm-text"; td.textContent = value; }
          else if (column.name === "url" && value) {
            td.append(made("a", "open", { href: value, rel: "noreferrer noopener nofollow", target: "_blank" }));
          } else td.textContent = value;
          line.append(td);
        });
        body.append(line);
      }
      const thead = document.createElement("thead");
      thead.append(head);
      // Who sorts by the keyboard goes on from the same column.
      const sorted = table.contains(document.activeElement) && document.activeElement.dataset.order;
      table.replaceChildren(made("caption", shown.caption), thead, body);
      if (sorted) table.querySelector(`[data-order="${sorted}"]`)?.focus({ preventScroll: true });
      scroll.hidden = !shown.rows.length;
      where.textContent = shown.where;
      back.disabled = shown.page <= 1;
      next.disabled = shown.page >= shown.pages;
      csv.disabled = parquet.disabled = !shown.rows.length;
      el.dataset.turn = String(shown.turn);
    };
    model.on("change:shown", draw);
    draw();
  },
};
