// Writes times in the reader's own time zone and manner.
const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

function localize(root) {
  for (const time of root.querySelectorAll("time[data-local-time]")) {
    time.textContent = format.format(new Date(time.dateTime));
    time.removeAttribute("data-local-time");
  }
}

localize(document);
document.addEventListener("htmx:load", (event) => localize(event.target));
