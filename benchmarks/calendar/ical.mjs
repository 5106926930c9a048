// Times jobs with ical.js: node ical.mjs LIBRARY JOB ROUNDS CALLS [FIRST LAST] < CALENDAR

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [library, job, rounds, calls, first, last] = process.argv.slice(2);
const { default: ICAL } = await import(pathToFileURL(library).href);
const calendar = readFileSync(0, "utf-8");

const jobs = {
  // What somebody answers.
  answer() {
    const event = new ICAL.Component(ICAL.parse(calendar)).getFirstSubcomponent("vevent");
    return event.getFirstProperty("attendee").getParameter("partstat");
  },
  // When the owner of a diary is busy between two instants.
  busy() {
    const from = new Date(first).getTime(), to = new Date(last).getTime();
    const found = [];
    for (const one of new ICAL.Component(ICAL.parse(calendar)).getAllSubcomponents("vevent")) {
      const event = new ICAL.Event(one);
      if (!event.isRecurring()) {
        const starts = event.startDate.toJSDate().getTime(), ends = event.endDate.toJSDate().getTime();
        if (starts < to && ends > from) found.push([starts, ends]);
        continue;
      }
      const times = event.iterator();
      for (let next = times.next(); next; next = times.next()) {
        const at = event.getOccurrenceDetails(next);
        const starts = at.startDate.toJSDate().getTime();
        if (starts >= to) break;
        if (at.endDate.toJSDate().getTime() > from) found.push([starts, at.endDate.toJSDate().getTime()]);
      }
    }
    return found.length;
  },
  // Taking the calendar apart, and nothing else.
  parse() {
    return ICAL.parse(calendar).length;
  },
};

const act = jobs[job];
const answer = act();
let best = Infinity;
for (let round = 0; round < Number(rounds); round += 1) {
  const before = process.cpuUsage();
  for (let call = 0; call < Number(calls); call += 1) act();
  const took = process.cpuUsage(before);
  best = Math.min(best, (took.user + took.system) / 1000 / Number(calls));
}
console.log(JSON.stringify({ milliseconds: best, answer }));
