// What a page shows, in its address: a link can be shared, and "back" works.
export default {
  render({ model }) {
    const read = () => Object.fromEntries(new URLSearchParams(window.location.search));
    const write = () => {
      const state = model.get("state");
      const wanted = new URLSearchParams(Object.entries(state).filter(([, value]) => value !== "")).toString();
      if (wanted === new URLSearchParams(window.location.search).toString()) return;
      window.history.pushState(state, "", wanted ? `?${wanted}` : window.location.pathname);
    };
    const back = () => {
      const now = read();
      const [reload, opened, same] = ["reload", "opened", "same"].map((name) => model.get(name));
      if (reload.some((name) => ![opened[name] ?? "", same[name]].includes(now[name] ?? ""))) window.location.reload();
      else model.send({ state: now });
    };
    const go = (message) => {
      if (message.open && message.open.startsWith("?")) window.location.assign(window.location.pathname + message.open);
      if (message.title) document.title = message.title;
    };
    if (model.get("title")) document.title = model.get("title");
    model.on("change:state", write);
    model.on("msg:custom", go);
    window.addEventListener("popstate", back);
    return () => window.removeEventListener("popstate", back);
  },
};
