// One chart. plotly's script is fetched once for all charts of a page: from the server of the dashboards, or where
// there is none (JupyterLab), from the kernel.
const DARK = {
  "#1f2933": "#e6e9ed", "#5f6c7b": "#aab4c0", "#e4e7eb": "#3a4552", "#ffffff": "#161c23", "#0072b2": "#56a8dc",
  "#d55e00": "#f08a45", "#c3cad3": "#59636f", "rgba(213, 94, 0, 0.15)": "rgba(240, 138, 69, 0.25)",
};
const dark = window.matchMedia("screen and (prefers-color-scheme: dark)");
const PAPER = 680; // pixels between the margins of a sheet, A4 as well as Letter
const narrow = () => window.innerWidth < 560;

const recolour = (value) => {
  if (typeof value === "string") return DARK[value] ?? value;
  if (Array.isArray(value)) return value.map(recolour);
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, recolour(part)]));
  }
  return value;
};

const run = (script) =>
  new Promise((resolve, reject) => {
    // With require.js on the page the script would hand itself to that.
    const define = window.define;
    window.define = undefined;
    script.onload = () => { window.define = define; resolve(window.Plotly); };
    script.onerror = () => { window.define = define; script.remove(); reject(new Error("no script")); };
    document.head.append(script);
  });

const fromServer = (address) => {
  const script = document.createElement("script");
  script.src = address;
  return run(script);
};

const fromKernel = (model) =>
  new Promise((resolve, reject) => {
    const take = (message, buffers) => {
      if (!message.plotly) return;
      model.off("msg:custom", take);
      const script = document.createElement("script");
      script.src = URL.createObjectURL(new Blob([buffers[0]], { type: "text/javascript" }));
      run(script).then(resolve, reject);
    };
    model.on("msg:custom", take);
    model.send({ want: "plotly" });
  });

const plotly = (model) => {
  const address = model.get("address");
  window.murmurationPlotly ??= (address ? fromServer(address).catch(() => fromKernel(model)) : fromKernel(model));
  return window.murmurationPlotly;
};

// Charts below the screen wait until the page has nothing else to do, so that it answers before.
const turnOf = (plot) =>
  plot.getBoundingClientRect().top < window.innerHeight
    ? null
    : new Promise((resolve) => (window.requestIdleCallback ?? setTimeout)(resolve, { timeout: 2_000 }));

const layoutOf = (spec) => {
  const layout = structuredClone(spec.layout);
  layout.paper_bgcolor = layout.plot_bgcolor = "rgba(0,0,0,0)";
  layout.datarevision = Math.random();
  if (narrow()) {
    layout.font = { ...layout.font, size: 12 };
    layout.margin = { ...layout.margin, l: 4, r: 8 };
  }
  return dark.matches ? recolour(layout) : layout;
};

const cell = (tag, text) => {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
};

const fillTable = (place, numbers) => {
  place.replaceChildren();
  if (!numbers) return;
  const head = document.createElement("tr");
  head.append(...numbers.columns.map((name) => { const th = cell("th", name); th.scope = "col"; return th; }));
  const thead = document.createElement("thead");
  thead.append(head);
  const body = document.createElement("tbody");
  for (const row of numbers.rows) {
    const line = document.createElement("tr");
    line.append(...row.map((value) => cell("td", value)));
    body.append(line);
  }
  const table = document.createElement("table");
  table.append(thead, body);
  const scroll = document.createElement("div");
  scroll.className = "mm-scroll";
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", "The numbers of the chart");
  scroll.append(table);
  place.append(scroll);
};

export default {
  render({ model, el }) {
    el.classList.add("mm-chart");
    const figure = document.createElement("figure");
    const claim = document.createElement("figcaption");
    const plot = document.createElement("div");
    plot.className = "mm-plot";
    // Not a picture: its tools are buttons, which a picture cannot hold.
    plot.setAttribute("role", "group");
    const nothing = document.createElement("p");
    const note = document.createElement("p");
    note.className = "mm-quiet";
    const details = document.createElement("details");
    details.append(cell("summary", "The numbers"));
    const place = document.createElement("div");
    details.append(place);
    figure.append(claim, plot, nothing, note, details);
    el.replaceChildren(figure);
    const hint = () => {
      note.textContent = model.get("hint");
      note.hidden = !model.get("hint") || plot.hidden;
    };
    let turn = 0;
    let paper = false; // while the page is printed
    const draw = async () => {
      const mine = ++turn;
      const spec = JSON.parse(model.get("figure"));
      const meta = spec.layout.meta ?? {};
      claim.textContent = meta.title ?? "";
      claim.hidden = !meta.title;
      plot.setAttribute("aria-label", meta.alt ?? "A chart");
      // A sentence where there is nothing to draw: as text it wraps on a phone.
      nothing.hidden = spec.data.length > 0;
      plot.hidden = !nothing.hidden;
      nothing.textContent = meta.alt ?? "";
      plot.style.minHeight = `${spec.layout.height ?? 400}px`;
      hint();
      details.hidden = !meta.table;
      fillTable(place, meta.table);
      if (plot.hidden) { el.classList.add("mm-drawn"); return; }
      let library;
      try {
        library = await plotly(model);
      } catch {
        plot.textContent = "This browser cannot draw the chart; the numbers are below.";
        return;
      }
      if (!paper) await turnOf(plot);
      if (mine !== turn) return;
      const config = {
        displaylogo: false, responsive: true, modeBarButtonsToRemove: ["lasso2d", "select2d"],
        displayModeBar: narrow() ? false : "hover",
        showSendToCloud: false, plotlyServerURL: "", // else a button uploads the chart to Plotly's servers
      };
      const data = dark.matches ? recolour(spec.data) : spec.data;
      await library.react(plot, data, { ...layoutOf(spec), ...(paper && { width: PAPER }) }, config);
      for (const drawing of plot.querySelectorAll(".main-svg")) drawing.setAttribute("aria-hidden", "true");
      plot.removeAllListeners("plotly_click");
      plot.on("plotly_click", (event) => {
        const point = event.points[0];
        model.send({
          click: {
            curve: point.curveNumber, point: point.pointNumber, x: String(point.x), y: String(point.y),
            id: point.id === undefined ? "" : String(point.id), trace: point.data.name ?? "",
          },
        });
      });
      el.classList.add("mm-drawn");
    };
    const onPaper = () => {
      paper = true;
      // At once, while `resize` waits a tenth of a second: then the browser has taken the page already.
      if (window.Plotly && plot.data) window.Plotly.relayout(plot, { width: PAPER });
    };
    const onScreen = () => {
      paper = false;
      if (!window.Plotly || !plot.data || plot.hidden) return;
      delete plot.layout.width; // with which nothing is measured
      window.Plotly.Plots.resize(plot);
    };
    model.on("change:figure", draw);
    model.on("change:hint", hint);
    dark.addEventListener("change", draw);
    window.addEventListener("beforeprint", onPaper);
    window.addEventListener("afterprint", onScreen);
    draw();
    return () => {
      dark.removeEventListener("change", draw);
      window.removeEventListener("beforeprint", onPaper);
      window.removeEventListener("afterprint", onScreen);
      if (window.Plotly) window.Plotly.purge(plot);
    };
  },
};
