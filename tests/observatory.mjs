// Mozilla's HTTP Observatory, as npm has it, on the addresses that standard input lists as JSON:
//   {"package": folder of the package, "httpPort": …, "httpsPort": …, "headers": ["Cookie: …"], "paths": ["/", …]}
// One line of JSON for each: its path, status and score, and the points and result of every test; or what went wrong.
// Its own command takes no port, no path and no session, so its parts are put together here as it does it itself.
import { pathToFileURL } from "node:url";

let text = "";
for await (const piece of process.stdin) text += piece;
const asked = JSON.parse(text);
const part = (name) => import(pathToFileURL(`${asked.package}/src/${name}`));
const { retrieve } = await part("retriever/retriever.js");
const { getScoreModifier } = await part("grader/grader.js");
const { MINIMUM_SCORE_FOR_EXTRA_CREDIT } = await part("grader/charts.js");
const { ALL_TESTS } = await part("constants.js");

for (const path of asked.paths) {
  const { headers, httpPort, httpsPort } = asked;
  const found = await retrieve("127.0.0.1", { headers, httpPort, httpsPort, path });
  const status = found.responses.auto?.status;
  if (!(status >= 200 && status < 300)) {
    console.log(JSON.stringify({ path, status, error: "no page there" }));
    continue;
  }
  const results = ALL_TESTS.map((test) => test(found)).filter((one) => one.result);
  const points = Object.fromEntries(
    results.map((one) => [one.constructor.name, [getScoreModifier(one.result), one.result]]),
  );
  const all = Object.values(points).map(([some]) => some);
  const lost = all.filter((some) => some < 0).reduce((sum, some) => sum + some, 100);
  const score = lost >= MINIMUM_SCORE_FOR_EXTRA_CREDIT ? all.reduce((sum, some) => sum + some, 100) : lost;
  console.log(JSON.stringify({ path, status, score, points }));
}
