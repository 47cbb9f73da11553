// The choice between light, dark and what the system says. theme.js applies it.
for (const group of document.querySelectorAll("[data-theme-choice]")) {
  const stored = localStorage.getItem("theme");
  const chosen = stored === "light" || stored === "dark" ? stored : "";
  for (const radio of group.querySelectorAll("input")) radio.checked = radio.value === chosen;

  group.addEventListener("change", (event) => {
    if (event.target.value) localStorage.setItem("theme", event.target.value);
    else localStorage.removeItem("theme");
    dispatchEvent(new Event("inglenook:theme"));
  });
}
