// The page: signing in and out, the way from view to view, colours, and whether the server is reached.
import * as api from "./api.js";
import { failure, h, swap, toast } from "./dom.js";
import * as live from "./live.js";

const VIEWS = [
  ["", "Overview", () => import("./overview.js")],
  ["traces", "Traces", () => import("./traces.js"), true],
  ["approvals", "Approvals", () => import("./approvals.js"), true],
  ["improvements", "Improvements", () => import("./improvements.js")],
  ["agents", "Agents", () => import("./agents.js")],
  ["builds", "Builds", () => import("./builds.js")],
  ["evolution", "Evolution", () => import("./evolution.js")],
  ["guidelines", "Guidelines", () => import("./guidelines.js")],
  ["flags", "Flags", () => import("./flags.js")],
  ["tuning", "Tuning", () => import("./tuning.js")],
];
const shown = () => VIEWS.filter(([, , , forTenants]) => forTenants || api.whole());
const POLL = 30_000;
const at = (id) => document.getElementById(id);
const store = {
  get: (key) => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  },
  set: (key, value) => {
    try {
      value ? localStorage.setItem(key, value) : localStorage.removeItem(key);
    } catch {
      /* storage is forbidden */
    }
  },
};
let leave = () => {};

// What a view works with; it ends with the view.
function context() {
  const ended = new AbortController();
  const offs = [];
  leave = () => {
    ended.abort();
    offs.forEach((off) => off());
    leave = () => {};
  };
  return {
    signal: ended.signal,
    tenant: () => (api.whole() ? at("tenant").value.trim() || "default" : null),
    seen: () => api.session.tenant ?? (at("tenant").value.trim() || "default"),
    get: (path, query) => api.get(path, query, ended.signal),
    optional: (path, query) => api.optional(path, query, ended.signal),
    page: (path, query) => api.page(path, query, ended.signal),
    on: (prefixes, act) => offs.push(live.listen(prefixes, act)),
    every: (act, milliseconds = POLL) => {
      const timer = setInterval(() => {
        if (!document.hidden) act();
      }, milliseconds);
      offs.push(() => clearInterval(timer));
    },
    // Loads again when one of these happened; a burst of them is one load.
    follow: (prefixes, act) => {
      let timer = 0;
      offs.push(
        live.listen(prefixes, () => {
          timer ||= setTimeout(() => {
            timer = 0;
            act();
          }, 400);
        }),
        () => clearTimeout(timer),
      );
    },
    // Does what a person decided, and tells how it went.
    act: async (what, done, options) => {
      try {
        const found = await what();
        toast(typeof done === "function" ? done(found) : done, options);
        badges();
        return true;
      } catch (error) {
        toast(`${error.title ?? "That did not work"}: ${error.message}${error.todo ? ` ${error.todo}` : ""}`, {
          bad: true,
        });
        return false;
      }
    },
  };
}

async function show() {
  if (at("shell").hidden) return;
  leave();
  const parts = location.hash
    .replace(/^#\/?/, "")
    .split("/")
    .map((part) => {
      try {
        return decodeURIComponent(part);
      } catch {
        return part;
      }
    });
  const [path, title, load] = shown().find(([name]) => name === parts[0]) ?? shown()[0];
  for (const each of at("views").querySelectorAll("a")) each.ariaCurrent = each.dataset.view === path ? "page" : null;
  at("views").querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  const ctx = context();
  const main = at("main");
  try {
    const { view } = await load();
    if (ctx.signal.aborted) return;
    const found = view(ctx, parts.slice(1).filter(Boolean));
    document.title = `${found.title ?? title} – agent-supervisor`;
    swap(main, h("h1", { id: "title", tabindex: "-1" }, found.title ?? title), found.nodes);
  } catch (error) {
    swap(main, failure(error, show));
  }
  if (moved) at("title")?.focus({ preventScroll: true });
  if (moved) scrollTo(0, 0);
  moved = true;
}
let moved = false; // the first view takes no focus away

function navigation() {
  swap(
    at("views"),
    h(
      "ul",
      {},
      shown().map(([path, title]) =>
        h(
          "li",
          {},
          h(
            "a",
            { href: `#/${path}`, "data-view": path },
            title,
            h("span", { class: "badge", id: `badge-${path}`, hidden: true }),
          ),
        ),
      ),
    ),
  );
}

let counting = 0;
async function badges() {
  const turn = ++counting;
  const tenant = api.whole() ? at("tenant").value.trim() || "default" : null;
  const counts = await Promise.all([
    api.page("api/approvals", { tenant, limit: 100 }).then(
      ({ data }) => data.length,
      () => null,
    ),
    !api.whole()
      ? 0
      : api.get("api/meta-agent/status").then(
          (found) => found.pending_improvements,
          () => null,
        ),
  ]);
  if (turn !== counting) return;
  for (const [name, found] of [
    ["approvals", counts[0]],
    ["improvements", counts[1]],
  ]) {
    const badge = at(`badge-${name}`);
    if (!badge || found === null) continue; // not told: what was known stays, rather than “nothing waits”
    badge.hidden = !found;
    badge.replaceChildren(found >= 100 ? "99+" : String(found), h("span", { class: "unseen" }, " waiting"));
  }
}

const STATES = { live: "● Live", connecting: "○ Connecting…", reconnecting: "▲ Reconnecting…", paused: "○ Paused" };
function connection(word) {
  const node = at("connection");
  node.textContent = STATES[word];
  node.dataset.state = word;
  clearTimeout(asking);
  if (word === "live" && !at("offline").hidden) badges(); // which takes the line away
  if (word === "reconnecting") asking = setTimeout(badges, 2_000); // whether it is the stream alone, or the server
}
let asking = 0;

function enter() {
  store.set("supervisor-signed-in", "1");
  at("sign-in").hidden = true;
  at("top").hidden = at("shell").hidden = false;
  const { name, user, tenant, scopes } = api.session;
  at("who").textContent = user ? `${user} (${name})` : name;
  at("who").title = `May: ${scopes.join(", ")}${tenant ? `; tenant ${tenant}` : ""}`;
  at("tenant-field").hidden = tenant !== null;
  navigation();
  live.forget();
  live.start(connection);
  show();
  badges();
}

function signInPage(why = "") {
  store.set("supervisor-signed-in", null);
  api.session.csrf = "";
  leave();
  live.forget();
  document.querySelectorAll("dialog").forEach((dialog) => dialog.close(""));
  at("top").hidden = at("shell").hidden = true;
  at("sign-in").hidden = false;
  at("main").replaceChildren();
  at("sign-in-why").textContent = why;
  document.title = "Sign in – agent-supervisor";
  at("token").value = "";
  at("token").focus();
}

at("sign-in")
  .querySelector("form")
  .addEventListener("submit", async (event) => {
    event.preventDefault();
    const [field, submit] = [at("token"), event.target.querySelector("button")];
    submit.disabled = true;
    try {
      await api.signIn(field.value.trim());
      field.value = "";
      moved = false;
      enter();
    } catch (error) {
      at("sign-in-why").textContent = error.status === 401 ? "This token is unknown, revoked or over." : error.message;
      field.focus();
      field.select();
    } finally {
      submit.disabled = false;
    }
  });

at("sign-out").addEventListener("click", async () => {
  await api.signOut().catch(() => {});
  signInPage("You are signed out.");
});

at("skip").addEventListener("click", (event) => {
  // a hash of its own would be another view
  event.preventDefault();
  (at("shell").hidden ? at("token") : at("main")).focus();
});

at("theme").value = document.documentElement.dataset.theme ?? "";
at("theme").addEventListener("change", ({ target }) => {
  store.set("supervisor-theme", target.value);
  if (target.value) document.documentElement.dataset.theme = target.value;
  else delete document.documentElement.dataset.theme;
  document.dispatchEvent(new Event("colours"));
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () =>
  document.dispatchEvent(new Event("colours")),
);

at("tenant").addEventListener("change", () => {
  show();
  badges();
});
addEventListener("hashchange", show);

function reach(reached) {
  const node = at("offline");
  if (node.hidden === reached) return;
  node.hidden = reached;
  node.textContent = reached
    ? ""
    : "The server can't be reached. What you see is from before; it is tried again by itself.";
  if (reached) {
    badges();
    document.dispatchEvent(new Event("reached"));
  }
}
addEventListener("offline", () => reach(false));
addEventListener("online", badges);
setInterval(() => {
  if (!at("offline").hidden && api.session.csrf) badges();
}, 5_000);

api.told(() => signInPage("Your session is over. Sign in again; you come back to where you were."), reach);
live.listen(
  ["intent.", "improvement.", "reopened"],
  (() => {
    let timer = 0;
    return () => {
      timer ||= setTimeout(() => {
        timer = 0;
        badges();
      }, 500);
    };
  })(),
);

live.listen(["system.alert_raised"], (_, { payload }) => toast(`${payload.title}: ${payload.text}`, { bad: true }));

if (store.get("supervisor-signed-in"))
  api.resume().then(enter, (error) => signInPage(error.status === 401 ? "" : error.message));
else signInPage();
