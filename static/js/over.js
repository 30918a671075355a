/* Once the session is over, what a page shows of people and cars leaves the screen, unless somebody is just at it: what
   they have typed goes along with their next click, as ever. app.js loads this file a minute after a page. */
const MINUTE = 60000; // milliseconds
const LEFT = 5 * MINUTE; // so long without a key or a click, nobody is at the page
const HOME = new URL("../..", import.meta.url).pathname; // below which the dashboard is reached: "/" or "/flinkey/"
const signedIn = document.querySelector("form[data-idle]"); // with the minutes that a session lives without a click
let touched = Date.now();
let heard = touched; // when the server has last answered

// Whoever is signed in is led on from there. "seen": nobody has clicked, so the session grows no older end by it.
async function isOver() {
  try {
    const answer = await fetch(`${HOME}sign-in/?seen=1`, { method: "HEAD", redirect: "manual" });
    if (answer.ok) return true;
    if (answer.type === "opaqueredirect") heard = Date.now();
  } catch {
    // Nobody answers: then the time decides.
  }
  return Date.now() - heard > signedIn.dataset.idle * MINUTE;
}

async function look() {
  if (Date.now() - touched < LEFT || !(await isOver())) return;
  document.body.replaceChildren();
  location.replace(`${HOME}sign-in/?next=${encodeURIComponent(location.pathname + location.search)}`);
}

if (signedIn) {
  for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, () => { touched = Date.now(); }, true);
  setInterval(look, MINUTE);
}
