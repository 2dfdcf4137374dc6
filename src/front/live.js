// Live reload, in pages that devflare serves with --live-reload: an HTML page loads itself anew when one of the Workers
// that made it changes, and shows why when a change does not build. Nothing here needs more than `script-src 'self'`.
(() => {
  const { since, workers } = document.currentScript.dataset;
  const query = new URLSearchParams({ since, workers });
  const events = new EventSource(`/cdn-cgi/devflare/live?${query}`);
  let overlay;

  const close = () => {
    overlay?.remove();
    overlay = undefined;
  };

  const element = (name, style, text) => {
    const made = document.createElement(name);
    Object.assign(made.style, { all: "initial", boxSizing: "border-box" }, style);
    if (text !== undefined) made.textContent = text;
    return made;
  };

  const show = ({ worker, text }) => {
    close();
    const mono = 'ui-monospace, "SF Mono", Menlo, Consolas, monospace';
    overlay = element("div", {
      position: "fixed", inset: "0", zIndex: "2147483647", padding: "5vh 5vw", overflow: "auto",
      background: "rgba(12, 12, 16, .86)",
    });
    overlay.id = "devflare-overlay";
    const card = element("div", {
      display: "block", maxWidth: "70em", margin: "0 auto", padding: "24px 28px", borderRadius: "10px",
      borderTop: "4px solid #f2545b", background: "#17171c", color: "#e8e8ee", font: `14px/1.55 ${mono}`,
    });
    card.append(
      element("div", { display: "block", color: "#f2545b", font: `600 14px/1.5 ${mono}` }, `${worker} does not build`),
      element("pre", {
        display: "block", margin: "14px 0", whiteSpace: "pre-wrap", overflowWrap: "anywhere", color: "#e8e8ee",
        font: `14px/1.55 ${mono}`,
      }, text),
      element("div", { display: "block", color: "#9a9aa6", font: `13px/1.5 ${mono}` },
        "The page below is as it was. Save a fix and it reloads; click or Esc closes this."),
    );
    overlay.append(card);
    overlay.addEventListener("click", (event) => event.target === overlay && close());
    document.documentElement.append(overlay);
  };

  addEventListener("keydown", (event) => event.key === "Escape" && close());
  addEventListener("pagehide", () => events.close());
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  events.addEventListener("reload", () => {
    events.close();
    location.reload();
  });
  events.addEventListener("failed", (event) => show(JSON.parse(event.data)));
})();
