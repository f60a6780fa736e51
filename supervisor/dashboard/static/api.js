// The JSON API of the server this page came from; addresses are relative, so that it works where a host mounts it.

export class Problem extends Error {
  constructor(status, body) {
    super(body.detail || `the server answered ${status}`);
    this.status = status;
    this.title = body.title;
    this.todo = body.todo;
  }
}

export const session = { name: "", scopes: [], tenant: null, user: null, csrf: "" };
export const can = (scope) => session.scopes.includes(scope);
export const whole = () => session.tenant === null; // a token of one tenant sees nothing that is about all of them

let expired = () => {};
let reached = () => {};
export function told(onExpired, onReached) {
  expired = onExpired;
  reached = onReached;
}

export const address = (path, query = {}) => {
  const url = new URL(path, document.baseURI);
  url.hash = "";
  url.search = "";
  for (const [name, value] of Object.entries(query)) {
    for (const each of Array.isArray(value) ? value : [value])
      if (each !== null && each !== undefined && each !== "") url.searchParams.append(name, each);
  }
  return url;
};

async function call(method, path, { query, body, signal } = {}) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET" && session.csrf) headers["X-CSRF-Token"] = session.csrf;
  let answer;
  try {
    const limit = AbortSignal.timeout(method === "GET" ? 30_000 : 300_000);
    answer = await fetch(address(path, query), {
      method,
      headers,
      credentials: "same-origin",
      cache: "no-store",
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    reached(false);
    throw new Problem(0, {
      title: "No answer",
      detail: "the server can't be reached",
      todo: "It is tried again by itself.",
    });
  }
  reached(true);
  if (answer.status === 204) return null;
  const found = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    if (answer.status === 401 && session.csrf) expired();
    throw new Problem(answer.status, found);
  }
  return found;
}

export const get = async (path, query, signal) => (await call("GET", path, { query, signal })).data;
export const page = (path, query, signal) => call("GET", path, { query, signal });
export const post = async (path, body = {}) => (await call("POST", path, { body }))?.data;

// What not every server has is null where it is missing.
export async function optional(path, query, signal) {
  try {
    return await get(path, query, signal);
  } catch (error) {
    if (error.status === 404 || error.status === 403) return null;
    throw error;
  }
}

export async function signIn(token) {
  session.csrf = "";
  Object.assign(session, (await call("POST", "session", { body: { token } })).data);
}

export async function resume() {
  Object.assign(session, (await call("GET", "session")).data);
}

export async function signOut() {
  await call("DELETE", "session");
  session.csrf = "";
}

const seg = encodeURIComponent;
export const paths = {
  agent: (name, what) => `api/agents/${seg(name)}${what ? `/${what}` : ""}`,
  improvement: (id, what) => `api/meta-agent/improvements/${seg(id)}${what ? `/${what}` : ""}`,
  guideline: (type, ...rest) => ["api/guidelines", seg(type), ...rest.map(seg)].join("/"),
  tuning: (key, what) => `api/tuning/${seg(key)}${what ? `/${what}` : ""}`,
  flag: (key) => `api/flags/${seg(key)}`,
  trace: (id) => `api/traces/${seg(id)}`,
  build: (id, what) => `api/builds/${seg(id)}${what ? `/${what}` : ""}`,
  cycle: (id) => `api/evolution/cycles/${seg(id)}`,
  approval: (id, what) => `api/approvals/${seg(id)}/${what}`,
};
