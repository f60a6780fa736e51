// Before anything is painted, so that the page does not flash in the other colours.
try {
  const theme = localStorage.getItem("supervisor-theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is forbidden: the system's colours hold.
}
