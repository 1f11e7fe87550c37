"use strict";
(() => {
  const box = document.getElementById("search");
  const rows = [...document.querySelectorAll("li.run")];
  const said = document.getElementById("found");
  const search = () => {
    const words = box.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const row of rows) {
      const text = row.textContent.toLocaleLowerCase();
      const hit = words.every((word) => text.includes(word));
      row.hidden = !hit;
      found += hit;
    }
    said.textContent = words.length ? `${found} of ${rows.length} runs` : `${rows.length} runs`;
  };
  box.addEventListener("input", search);
  search();
})();
