// What built agents have besides: versions to go back to, their health, and an end.
import { can, paths, post } from "./api.js";
import { button, card, facts, h, json, link, more, state, table } from "./dom.js";
import { ask } from "./dialog.js";
import { bytes, count, percent, seconds, when } from "./format.js";

const REASON = { name: "reason", label: "Reason", required: true, maxlength: 2000 };

export function drawVersions(ctx, built, refresh) {
  const { deployed, worker, health } = built;
  const name = deployed.name;
  const shown = [...built.versions].reverse();
  return [
    built.share ? drawShare(ctx, built, refresh) : null,
    card(
      "Versions",
      table(
        "Versions",
        ["Version", "Put into service", "How", "By", "Build", "Reason", "Action"],
        shown.map((each, at) => [
          at || built.retired ? each.version : [each.version, " ", state("active", "serves")],
          when(each.at),
          each.how === "rollback" ? "gone back to" : "built",
          each.by,
          each.build ? link(each.build.slice(0, 12), "builds", each.build) : "–",
          each.reason || "–",
          can("control") && !built.retired && each.version !== deployed.version && isFirst(shown, at)
            ? h(
                "button",
                {
                  type: "button",
                  "data-key": `back ${each.version}`,
                  "aria-label": `Go back to ${each.version}`,
                  onclick: () => back(ctx, name, each.version, refresh),
                },
                "Go back to it",
              )
            : "",
        ]),
      ),
    ),
    card(
      "The agent",
      facts([
        ["Process", process(worker)],
        ["Memory", worker?.memory ? bytes(worker.memory) : null],
        ["Processor time", worker?.cpu ? seconds(worker.cpu) : null],
        ["Calls of the process", worker ? count(worker.calls) : null],
        ["Deaths", worker?.deaths ? count(worker.deaths) : null],
        ["Last fault", worker?.last_fault, true],
        ["Last examination", health ? (health.ok ? state("healthy", "well") : state("unhealthy", "not well")) : null],
        ["Problems", health?.problems.join("; "), true],
        ["Files", count(built.files.length)],
      ]),
      can("control") && !built.retired
        ? h(
            "div",
            { class: "row" },
            button("Examine it", () => examine(ctx, name, refresh)),
            button("Take out of service", () => remove(ctx, name, refresh), "danger"),
          )
        : null,
      more("Specification", "specification", json(built.specification)),
      more("Figures of its checks", "checks", json(built.figures)),
    ),
  ];
}

// An improved version beside the one that it is to replace.
function drawShare(ctx, { deployed, retired, share }, refresh) {
  const trial = share.state === "trial";
  const calls = (all, failed, mean) =>
    `${count(all)}, ${count(failed)} failed${mean === null ? "" : `, ${seconds(mean)} each`}`;
  return card(
    "The improved version",
    facts([
      ["Version", share.version],
      ["Serves", trial ? `${percent(share.percent, 0)} of the requests` : "all requests, and is watched"],
      ["Since", when(trial ? share.started_at : share.promoted_at)],
      [`Calls of ${share.version}`, calls(share.calls, share.failed, share.mean)],
      [`Calls of ${share.beside}`, calls(share.beside_calls, share.beside_failed, share.beside_mean)],
      [
        "Evidence against it",
        share.against.map((each) => `${each.about}: ${each.evidence.toPrecision(3)} of ${each.needed}`).join("; "),
        true,
      ],
    ]),
    can("control") && trial && !retired
      ? h(
          "div",
          { class: "row" },
          button("Have it serve all…", () => promote(ctx, deployed.name, share.version, refresh), "primary"),
          button("Take its share…", () => takeBack(ctx, deployed.name, share.version, refresh), "danger"),
        )
      : null,
  );
}

function process(worker) {
  if (!worker) return "does not serve here";
  return worker.running ? state("on", "runs") : "starts with the next call";
}

// A version may have been put into service several times: one button is enough.
const isFirst = (shown, at) => shown.findIndex((each) => each.version === shown[at].version) === at;

async function back(ctx, name, to, refresh) {
  const given = await ask({
    title: `Have ${name} ${to} serve again?`,
    text: "Requests go to it from now on, in every supervisor on this log.",
    fields: [REASON],
    action: "Go back",
    danger: true,
  });
  if (!given) return;
  await ctx.act(() => post(paths.agent(name, "rollback"), { ...given, to }), `${name} ${to} serves now.`);
  refresh();
}

async function promote(ctx, name, version, refresh) {
  const given = await ask({
    title: `Have ${name} ${version} serve all requests?`,
    text: "It replaces the version in service, in every supervisor on this log.",
    fields: [REASON],
    action: "Promote",
  });
  if (!given) return;
  const told = `${name} ${version} serves all requests.`;
  await ctx.act(() => post(paths.agent(name, "promote"), { ...given, version }), told);
  refresh();
}

async function takeBack(ctx, name, version, refresh) {
  const given = await ask({
    title: `Take its share from ${name} ${version}?`,
    text: "The version in service serves all requests again.",
    fields: [REASON],
    action: "Take back",
    danger: true,
  });
  if (!given) return;
  await ctx.act(() => post(paths.agent(name, "rollback"), given), `${name} ${version} has no share any more.`);
  refresh();
}

async function remove(ctx, name, refresh) {
  const given = await ask({
    title: `Take ${name} out of service?`,
    text: "No request is routed to it any more. Its files stay, and it can be switched on again.",
    fields: [REASON],
    action: "Take out",
    danger: true,
  });
  if (!given) return;
  await ctx.act(() => post(paths.agent(name, "remove"), given), `${name} is out of service.`);
  refresh();
}

async function examine(ctx, name, refresh) {
  const told = (found) =>
    found.ok
      ? `${name} is well; ${count(found.checks)} known answers are right.`
      : `${name} is not well: ${found.problems.join("; ")}`;
  await ctx.act(() => post(paths.agent(name, "health")), told);
  refresh();
}
