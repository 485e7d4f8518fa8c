// Control+Enter (Command+Enter) in the query runs it. The page works without.
document.getElementById("query").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    document.getElementById("ask").requestSubmit();
  }
});
