"use strict";
(async () => {
  const packed = document.getElementById("plotly-packed");
  const charts = [...document.querySelectorAll(".chart")];
  if (!packed || !charts.length) return;
  try {
    const bytes = Uint8Array.from(atob(packed.textContent), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.textContent = await new Response(stream).text();
    document.head.append(script);
    packed.remove();
  } catch (error) {
    document.body.classList.add("no-charts");
    return;
  }
  const narrow = () => window.innerWidth < 560;
  const fit = (spec) => {
    const layout = structuredClone(spec.layout);
    if (narrow()) {
      layout.font = { ...layout.font, size: 12 };
      layout.margin = { ...layout.margin, l: 4, r: 8 };
    }
    return layout;
  };
  for (const chart of charts) {
    const spec = JSON.parse(chart.querySelector("script").textContent);
    const place = chart.querySelector(".plot");
    const config = { ...spec.config, displayModeBar: narrow() ? false : "hover" };
    await Plotly.newPlot(place, spec.data, fit(spec), config);
    // What it shows is said of the group around it, which is no picture: its tools are buttons.
    for (const drawing of place.querySelectorAll(".main-svg")) drawing.setAttribute("aria-hidden", "true");
    chart.classList.add("drawn");
  }
  document.body.classList.add("charts-drawn");
  const resize = () => charts.forEach((chart) => Plotly.Plots.resize(chart.querySelector(".plot")));
  window.addEventListener("beforeprint", resize);
  window.addEventListener("afterprint", resize);
})();
