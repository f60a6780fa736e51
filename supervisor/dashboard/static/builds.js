// Agents that are built from what is asked for: each build stage by stage, and a new one.
import { can, paths, post } from "./api.js";
import { arrows, button, card, empty, facts, h, json, link, more, panel, state, table } from "./dom.js";
import { ask } from "./dialog.js";
import { count, seconds, when } from "./format.js";

export function view(ctx, [id]) {
  return id ? one(ctx, id) : all(ctx);
}

function all(ctx) {
  const list = panel(
    ctx,
    () => ctx.get("api/builds", { limit: 100 }),
    (builds) =>
      builds.length
        ? arrows(
            table(
              "Builds",
              ["Build", "State", "Agent", "Stage", "Took", "Begun", "By", "Result"],
              builds.map((each) => [
                named(each.id),
                standing(each.status),
                each.agent ? [link(each.agent, "agents", each.agent), ` ${each.agent_version}`] : "–",
                each.stage || "–",
                seconds(each.seconds),
                when(each.started_at),
                each.started_by,
                each.result || "–",
              ]),
            ),
          )
        : empty("No agent was built yet."),
  );
  list.refresh();
  ctx.follow(["build.", "reopened"], list.refresh);
  ctx.every(list.refresh);
  return {
    nodes: [
      can("control")
        ? h("div", { class: "row" }, button("Build an agent…", () => build(ctx), "primary"))
        : h("p", { class: "notice" }, "Your token may look, not build (it has no scope “control”)."),
      card(null, list.node),
    ],
  };
}

const standing = (status) => state(status === "finished" ? "completed" : status, status);

function named(id) {
  const go = link(id.slice(0, 12), "builds", id);
  go.dataset.stop = "";
  return go;
}

function one(ctx, id) {
  const body = panel(
    ctx,
    () => ctx.get(paths.build(id)),
    (found) => draw(ctx, found, body.refresh),
  );
  body.refresh();
  ctx.follow(["build.", "reopened"], body.refresh);
  ctx.every(body.refresh);
  return { title: "Build", nodes: [h("p", {}, link("← All builds", "builds")), body.node] };
}

const words = ({ requirements }) => (typeof requirements === "string" ? requirements : (requirements?.text ?? ""));

function draw(ctx, found, refresh) {
  const { failure } = found;
  const asked = words(found);
  return [
    h(
      "article",
      { class: "card" },
      h("h2", {}, asked || (found.given_specification ? "From a given specification" : "A build")),
      facts([
        ["State", standing(found.status)],
        ["Agent", found.agent ? [link(found.agent, "agents", found.agent), ` ${found.agent_version}`] : null],
        ["In service", found.status === "finished" ? (found.deployed ? "yes" : "no, as it was asked for") : null],
        ["Next stage", found.status === "finished" ? null : found.next_stage],
        ["Begun by", found.started_by],
        ["Begun", when(found.started_at)],
        ["Took", seconds(found.seconds)],
        ["Model calls", count(found.model_calls)],
        ["Tokens", count(found.tokens)],
        ["Repairs", count(found.tried.length)],
        ["Improvement", found.improvement ? link(found.improvement, "improvements", found.improvement) : null],
        ["Id", h("code", {}, found.id), true],
      ]),
      failure
        ? h(
            "div",
            { class: "problem" },
            h("p", {}, h("strong", {}, `It failed at ${failure.stage}`), `: ${failure.error}`),
            failure.todo ? h("p", { class: "muted" }, failure.todo) : null,
          )
        : null,
      can("control")
        ? h(
            "div",
            { class: "row" },
            found.resumable
              ? button("Go on with it", () => resume(ctx, found.id, refresh), "primary")
              : null,
            !found.under_way && asked ? button("Build again…", () => build(ctx, found)) : null,
          )
        : null,
    ),
    card(
      "Stages",
      found.stages.length
        ? table(
            "Stages",
            ["Stage", "Took", "What was done"],
            found.stages.map((each) => [each.stage, each.reused ? "reused" : seconds(each.seconds), each.text]),
          )
        : empty("None is done yet."),
    ),
    found.tried.length
      ? card(
          "What was tried",
          table(
            "What was tried",
            ["Stage", "Component", "Error", "Back to"],
            found.tried.map((each) => [each.stage, each.component || "–", each.error, each.back_to]),
          ),
        )
      : null,
    Object.keys(found.figures).length
      ? card("Measured", more("Figures of its checks", "figures", json(found.figures)))
      : null,
  ];
}

async function resume(ctx, id, refresh) {
  await ctx.act(() => post(paths.build(id, "resume")), "It goes on.");
  refresh();
}

// Answers stand one on a line, as NAME=VALUE, as a build that asks for them tells their names.
function answers(text) {
  const lines = text.split("\n").filter((line) => line.trim());
  return Object.fromEntries(
    lines.map((line) => {
      const [name, ...value] = line.split("=");
      return [name.trim(), value.join("=").trim()];
    }),
  );
}

async function build(ctx, before) {
  const earlier = before?.requirements?.answers ?? {};
  const given = await ask({
    title: "Build an agent",
    text: "It is understood, specified, written, checked and tested in a sandbox, and put into service.",
    fields: [
      {
        name: "text",
        label: "What the agent is to do",
        kind: "long",
        required: true,
        maxlength: 20000,
        text: before ? words(before) : "",
      },
      {
        name: "name",
        label: "Name (optional)",
        value: before?.requirements?.name ?? "",
        pattern: "[a-z][a-z0-9_]{0,31}",
        hint: "Lower-case letters, digits and underscores.",
      },
      {
        name: "answers",
        label: "Answers (optional)",
        kind: "long",
        hint: "To what a build asked for: NAME=VALUE, one on a line.",
        text: Object.entries(earlier)
          .map(([name, value]) => `${name}=${value}`)
          .join("\n"),
      },
    ],
    action: "Build",
  });
  if (!given) return;
  let begun = null;
  const body = { text: given.text, answers: answers(given.answers), ...(given.name ? { name: given.name } : {}) };
  const done = await ctx.act(async () => (begun = await post("api/builds", body)), "The build has begun.");
  if (done) location.hash = `#/builds/${begun.build_id}`;
}
