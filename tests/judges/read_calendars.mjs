// Reads calendars (a list of texts as JSON, on standard input) with ical.js and node-ical, each as a list of the same
// facts as the tests read with Python. The first argument is the folder with node_modules.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const require = createRequire(join(process.argv[2], "package.json"));
const ICAL = (await import(require.resolve("ical.js"))).default;
const nodeIcal = require("node-ical");

const instant = (date) => (date && !Number.isNaN(+new Date(date)) ? new Date(date).toISOString().replace(".000Z", "+00:00") : null);

function byIcalJs(text) {
  const calendar = new ICAL.Component(ICAL.parse(text));
  const component = calendar.getFirstSubcomponent("vevent");
  const start = component.getFirstPropertyValue("dtstart");
  const end = component.getFirstPropertyValue("dtend");
  const [attendee] = component.getAllProperties("attendee");
  const organizer = component.getFirstProperty("organizer");
  return {
    method: calendar.getFirstPropertyValue("method"),
    uid: component.getFirstPropertyValue("uid"),
    start: start && instant(start.toJSDate()),
    end: end && instant(end.toJSDate()),
    zone: start && start.zone.tzid,
    summary: component.getFirstPropertyValue("summary"),
    location: component.getFirstPropertyValue("location"),
    organizer: organizer.getFirstValue(),
    attendee: attendee.getFirstValue(),
    name: attendee.getParameter("cn") ?? null,
    attendees: component.getAllProperties("attendee").length,
    sequence: component.getFirstPropertyValue("sequence"),
  };
}

const plain = (value) => (value && typeof value === "object" && "val" in value ? value.val : (value ?? null));

function byNodeIcal(text) {
  const read = nodeIcal.sync.parseICS(text);
  const event = Object.values(read).find((one) => one.type === "VEVENT");
  const attendees = [event.attendee].flat();
  return {
    method: event.method ?? read.vcalendar?.method ?? null,
    uid: event.uid,
    start: instant(event.start),
    end: instant(event.end),
    zone: event.start ? (event.start.tz === "Etc/UTC" ? "UTC" : event.start.tz) : null,
    summary: plain(event.summary),
    location: plain(event.location),
    organizer: plain(event.organizer),
    attendee: plain(attendees[0]),
    name: attendees[0]?.params?.CN ?? null,
    attendees: attendees.length,
    sequence: Number(event.sequence),
  };
}

const texts = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(texts.map((text) => ({ icaljs: byIcalJs(text), nodeical: byNodeIcal(text) }))));
