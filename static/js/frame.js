// The frame around every page: the sidebar on narrow screens, closing with Escape.
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-sidebar-toggle]")) {
    const isOpen = document.body.classList.toggle("sidebar-open");
    if (isOpen) document.querySelector("#sidebar a").focus();
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") document.body.classList.remove("sidebar-open");
});
