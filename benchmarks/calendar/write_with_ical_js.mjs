// Prints how many milliseconds of the processor ical.js takes to write a calendar (its facts as JSON on standard input),
// the best of rounds. Arguments: the folder with node_modules, how many rounds, how many calls in each.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const [folder, rounds, times] = process.argv.slice(2);
const require = createRequire(join(folder, "package.json"));
const ICAL = (await import(require.resolve("ical.js"))).default;
const given = JSON.parse(readFileSync(0, "utf8"));

function write() {
  const calendar = new ICAL.Component("vcalendar");
  calendar.updatePropertyWithValue("prodid", "-//x//x//EN");
  calendar.updatePropertyWithValue("version", "2.0");
  calendar.updatePropertyWithValue("method", "REQUEST");
  const event = new ICAL.Component("vevent");
  for (const [name, value] of Object.entries(given)) {
    const timed = name.startsWith("dt");
    event.updatePropertyWithValue(name, timed ? ICAL.Time.fromDateTimeString(value) : value);
  }
  calendar.addSubcomponent(event);
  return calendar.toString();
}

let best = Infinity;
for (let round = 0; round < Number(rounds); round++) {
  const before = process.cpuUsage();
  for (let time = 0; time < Number(times); time++) write();
  const { user, system } = process.cpuUsage(before);
  best = Math.min(best, (user + system) / 1000 / Number(times));
}
console.log(best);
