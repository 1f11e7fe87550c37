// The view of label_posts: shows one post, tells the kernel what a person says of it, waits for the next.
// Text goes into the page as text only, never as markup.

const KEYS = {
  "1": "negative", n: "negative", "2": "neutral", e: "neutral", "3": "positive", p: "positive",
  s: "skip", u: "undo",
};
// Digits by place, for keyboards that need Shift for them.
const CODES = { Digit1: "negative", Digit2: "neutral", Digit3: "positive", Numpad1: "negative", Numpad2: "neutral", Numpad3: "positive" };
const ANSWERS = [
  ["negative", "Negative", "1"], ["neutral", "Neutral", "2"], ["positive", "Positive", "3"],
  ["skip", "Skip", "s"], ["undo", "Undo", "u"],
];
const PATIENCE_MS = 6000;

function make(kind, name, text = "") {
  const node = document.createElement(kind);
  node.className = `mm-label-${name}`;
  node.textContent = text;
  return node;
}

function render({ model, el }) {
  const root = make("section", "root");
  root.tabIndex = 0;
  root.setAttribute("aria-label", "Label posts");
  root.setAttribute("data-lm-suppress-shortcuts", "true"); // or JupyterLab takes the keys for its cells
  const bar = make("progress", "bar");
  bar.setAttribute("aria-label", "progress");
  const count = make("p", "count");
  const question = make("p", "question");
  const post = make("div", "post");
  post.setAttribute("aria-live", "polite");
  const title = make("p", "title");
  const text = make("p", "text");
  title.dir = text.dir = "auto";
  post.append(title, text);
  const buttons = make("div", "buttons");
  const byName = {};
  for (const [name, words, key] of ANSWERS) {
    const button = make("button", `answer mm-label-${name}`, words);
    button.type = "button";
    button.append(make("kbd", "key", key));
    button.addEventListener("click", () => say(name));
    buttons.append(button);
    byName[name] = button;
  }
  const hint = make("p", "hint", "Click the post, then press 1, 2 or 3 (or n, e, p), s to skip, u to undo.");
  const problem = make("p", "problem");
  problem.setAttribute("role", "alert");
  root.append(count, bar, question, post, buttons, hint, problem);
  el.append(root);

  let waiting = null; // the timer that runs while the kernel has not answered

  function say(what) {
    const { turn, done, can_undo } = model.get("shown");
    if (waiting !== null || (what === "undo" ? !can_undo : done)) return;
    root.classList.add("mm-label-waiting");
    waiting = setTimeout(() => {
      problem.textContent = "The kernel does not answer. Your last answer may not be kept; see whether the kernel still runs.";
    }, PATIENCE_MS);
    model.send({ turn, what });
  }

  function show() {
    const shown = model.get("shown");
    clearTimeout(waiting);
    waiting = null;
    root.classList.remove("mm-label-waiting");
    count.textContent = shown.count;
    bar.max = Math.max(shown.of, 1);
    bar.value = shown.at;
    question.textContent = shown.question;
    title.textContent = shown.title;
    title.hidden = !shown.title;
    text.textContent = shown.text;
    text.scrollTop = 0;
    post.classList.toggle("mm-label-done", shown.done);
    problem.textContent = shown.problem;
    for (const name in byName) {
      // Not "disabled": a disabled button loses the focus, and the keys with it.
      byName[name].setAttribute("aria-disabled", name === "undo" ? !shown.can_undo : shown.done);
    }
  }

  function press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const what = KEYS[event.key.toLowerCase()] ?? CODES[event.code];
    event.stopPropagation();
    if (what === undefined) return;
    event.preventDefault();
    if (!event.repeat) say(what);
  }

  root.addEventListener("keydown", press);
  model.on("change:shown", show);
  show();
  if (!document.activeElement || document.activeElement === document.body) {
    requestAnimationFrame(() => root.focus({ preventScroll: true }));
  }
  return () => {
    clearTimeout(waiting);
    model.off("change:shown", show);
  };
}

export default { render };
