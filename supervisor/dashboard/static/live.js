// The log as it grows: one stream for the whole page, which goes on where it was after every break.
import { address, resume, session } from "./api.js";

export const TOPICS = [
  "trace.started",
  "trace.routed",
  "trace.task_started",
  "trace.task_finished",
  "trace.tool_called",
  "trace.model_called",
  "trace.ended",
  "intent.registered",
  "intent.approval_requested",
  "intent.approved",
  "intent.denied",
  "intent.processed",
  "intent.failed",
  "intent.uncertain",
  "improvement.suggested",
  "improvement.evidence_added",
  "improvement.approved",
  "improvement.rejected",
  "improvement.assigned",
  "improvement.completed",
  "improvement.failed",
  "improvement.undone",
  "improvement.closed",
  "system.sampled",
  "system.health_changed",
  "system.alert_raised",
  "flag.changed",
  "tuning.setting_tuned",
  "agent.registered",
  "agent.disabled",
  "agent.restored",
  "agent.deployed",
  "agent.retired",
  "build.started",
  "build.resumed",
  "build.stage_finished",
  "build.stage_failed",
  "build.finished",
  "build.failed",
  "evolution.cycle_started",
  "evolution.decision_taken",
  "evolution.decision_ended",
  "evolution.cycle_finished",
  "guideline.proposed",
  "guideline.trial_started",
  "guideline.activated",
  "guideline.rejected",
  "guideline.rolled_back",
];
const HIDDEN_FOR = 60_000; // a browser opens few streams to one server: a page that nobody looks at gives its own back

const listeners = new Set();
let source = null;
let last = null;
let wait = 1_000;
let timer = 0;
let opened = false;
let tell = () => {};

export function listen(prefixes, act) {
  const entry = { prefixes, act };
  listeners.add(entry);
  return () => listeners.delete(entry);
}

function emit(topic, data) {
  for (const { prefixes, act } of [...listeners])
    if (prefixes.some((prefix) => topic.startsWith(prefix))) act(topic, data);
}

function pass(event) {
  last = event.lastEventId || last;
  emit(event.type, JSON.parse(event.data));
}

export function start(onState) {
  tell = onState ?? tell;
  stop();
  tell("connecting");
  source = new EventSource(address("api/events", { topic: TOPICS, after: last }));
  for (const topic of TOPICS) source.addEventListener(topic, pass);
  source.onopen = () => {
    wait = 1_000;
    tell("live");
    if (opened) emit("reopened", null); // before the first event there was no position to go on from: views look again
    opened = true;
  };
  source.onerror = () => {
    tell("reconnecting");
    // Where it was not refused, the browser comes back by itself, with Last-Event-ID.
    if (source?.readyState === EventSource.CLOSED) later();
  };
}

// The stream was refused: if the session is over this tells the page, otherwise it is tried again.
function later() {
  stop();
  timer = setTimeout(async () => {
    wait = Math.min(wait * 2, 30_000);
    try {
      await resume();
    } catch {
      if (session.csrf) later();
      return;
    }
    start();
  }, wait);
}

export function stop() {
  clearTimeout(timer);
  source?.close();
  source = null;
}

export function forget() {
  stop();
  last = null;
  opened = false;
}

let hidden = 0;
document.addEventListener("visibilitychange", () => {
  clearTimeout(hidden);
  if (!session.csrf) return;
  if (document.hidden)
    hidden = setTimeout(() => {
      stop();
      tell("paused");
    }, HIDDEN_FOR);
  else if (!source) start();
});
