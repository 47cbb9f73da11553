// Menus made of <details data-menu>: one open at a time, closed by a click elsewhere, by an item, or by Escape.
const openMenus = () => document.querySelectorAll("details[data-menu][open]");

document.addEventListener("click", (event) => {
  const picked = event.target.closest("details[data-menu] .menu-item");
  for (const menu of openMenus()) {
    if (picked || !menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
    event.preventDefault(); // what lies below stays open
  }
});
