// Makes elements. Whatever comes from the server goes through here as text: nothing is ever parsed as HTML.

export function h(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, each] of Object.entries(value)) node.style.setProperty(key, each);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...kept(children));
  return node;
}

function kept(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

// Replaces what is in a node; keyboard focus and opened details stay where they were, by id or data-key.
export function swap(node, ...children) {
  const key = (each) => each?.dataset?.key ?? each?.id;
  const focused = node.contains(document.activeElement) ? key(document.activeElement) : null;
  const open = new Set([...node.querySelectorAll("details[open][data-key]")].map((each) => each.dataset.key));
  node.replaceChildren(...kept(children));
  for (const each of node.querySelectorAll("details[data-key]")) if (open.has(each.dataset.key)) each.open = true;
  if (focused) {
    const again = [...node.querySelectorAll("[data-key], [id]")].find((each) => key(each) === focused);
    again?.focus({ preventScroll: true });
  }
}

export function link(text, ...path) {
  return h("a", { href: "#/" + path.map(encodeURIComponent).join("/"), "data-key": "to " + path.join("/") }, text);
}

export function button(text, onclick, kind = "") {
  return h("button", { type: "button", class: kind, onclick, "data-key": "do " + text }, text);
}

export function card(title, ...children) {
  return h("section", { class: "card" }, title ? h("h2", {}, title) : null, ...children);
}

export function tile(name, value, note) {
  return h(
    "div",
    { class: "tile" },
    h("span", { class: "muted" }, name),
    h("strong", {}, value),
    note ? h("small", { class: "muted" }, note) : null,
  );
}

const SIGNS = { good: "●", warn: "▲", bad: "■", wait: "◐", none: "○" };
const TONES = {
  healthy: "good",
  success: "good",
  processed: "good",
  completed: "good",
  active: "good",
  approved: "good",
  on: "good",
  degraded: "warn",
  partial: "warn",
  uncertain: "warn",
  high: "warn",
  interrupted: "warn",
  undone: "warn",
  unhealthy: "bad",
  failure: "bad",
  failed: "bad",
  denied: "bad",
  critical: "bad",
  rejected: "bad",
  error: "bad",
  running: "wait",
  awaiting_approval: "wait",
  pending: "wait",
  trial: "wait",
  assigned: "wait",
  proposed: "wait",
};

// A state, told by its word and its sign; colour only repeats it.
export function state(word, text = word) {
  const tone = TONES[word] ?? (String(word).startsWith("limit:") ? "warn" : "none");
  return h(
    "span",
    { class: `state ${tone}` },
    h("span", { "aria-hidden": "true" }, SIGNS[tone] + " "),
    String(text ?? "").replaceAll("_", " "),
  );
}

// Names with values; a third entry that is true gives a long value more room.
export function facts(pairs) {
  const rows = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return h(
    "dl",
    { class: "facts" },
    rows.map(([name, value, wide]) => h("div", { class: wide && "wide" }, h("dt", {}, name), h("dd", {}, value))),
  );
}

// On a narrow screen rows are cards (dashboard.css); the roles stay what they are, however it is laid out.
export function table(caption, heads, rows) {
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    h(
      "table",
      { role: "table" },
      h("caption", { class: "unseen" }, caption),
      h(
        "thead",
        { role: "rowgroup" },
        h(
          "tr",
          { role: "row" },
          heads.map((head) => h("th", { scope: "col", role: "columnheader" }, head)),
        ),
      ),
      h(
        "tbody",
        { role: "rowgroup" },
        rows.map((row) =>
          h(
            "tr",
            { role: "row" },
            row.map((cell, at) =>
              at
                ? h("td", { role: "cell", "data-head": heads[at] }, h("span", {}, cell))
                : h("th", { scope: "row", role: "rowheader" }, cell),
            ),
          ),
        ),
      ),
    ),
  );
}

export function json(value) {
  return h("pre", { class: "json", tabindex: "0" }, typeof value === "string" ? value : JSON.stringify(value, null, 2));
}

export function more(summary, key, ...children) {
  return h("details", { "data-key": key }, h("summary", { "data-key": "sum " + key }, summary), ...children);
}

export function empty(text) {
  return h("p", { class: "empty" }, text);
}

export function failure(error, again) {
  return h(
    "div",
    { class: "problem", role: "alert" },
    h("p", {}, h("strong", {}, error.title ?? "That did not work"), ": ", error.message),
    error.todo ? h("p", { class: "muted" }, error.todo) : null,
    again ? button("Try again", again) : null,
  );
}

export function toast(text, { bad = false, undo } = {}) {
  const node = h("div", { class: bad ? "toast bad" : "toast", role: bad ? "alert" : null }, h("span", {}, text));
  if (undo)
    node.append(
      button(
        "Undo",
        () => {
          node.remove();
          undo();
        },
        "quiet",
      ),
    );
  node.append(
    h("button", { type: "button", class: "quiet", "aria-label": "Close", onclick: () => node.remove() }, "✕"),
  );
  const toasts = document.getElementById("toasts");
  toasts.append(node);
  while (toasts.children.length > 4) toasts.firstChild.remove();
  setTimeout(() => node.remove(), bad || undo ? 20_000 : 8_000);
}

// Arrow keys go from one row of a list to the next; enter is the browser's own.
export function arrows(list) {
  list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const stops = [...list.querySelectorAll("[data-stop]")];
    const at = stops.indexOf(document.activeElement);
    const to = event.key === "Home" ? 0 : event.key === "End" ? stops.length - 1 : at + step;
    if (at < 0 || Number.isNaN(to) || !stops[to]) return;
    event.preventDefault();
    stops[to].focus();
  });
  return list;
}

// A part of a page that is loaded, and loaded again: what has not changed is not drawn anew.
export function panel(ctx, load, draw) {
  const node = h("div", { class: "panel", "aria-busy": "true" }, h("p", { class: "muted" }, "Loading…"));
  let drawn;
  let running = false;
  let again = false;
  let data;
  // The same data, drawn otherwise: a filter, say.
  function redraw() {
    if (drawn !== undefined) swap(node, draw(data));
  }
  async function refresh() {
    if (running) {
      again = true;
      return;
    }
    running = true;
    try {
      data = await load();
      const text = JSON.stringify(data);
      if (text !== drawn) {
        swap(node, draw(data));
        drawn = text;
      }
      node.classList.remove("stale");
    } catch (error) {
      if (ctx.signal.aborted || error.name === "AbortError") return;
      if (drawn === undefined) swap(node, failure(error, refresh));
      else node.classList.add("stale");
    } finally {
      node.removeAttribute("aria-busy");
      running = false;
      if (again && !ctx.signal.aborted) {
        again = false;
        refresh();
      }
    }
  }
  return { node, refresh, redraw };
}
