// A server of one variant: `--listen ADDRESS --serve VARIANT --provider ORIGIN`. The first
// line it prints is its address. `GET /me` answers the application whose token is in the
// request, verified with the keys of the provider; `node-bare` verifies nothing.

import { createServer } from "node:http";
import { parseArgs } from "node:util";

import { createRemoteJWKSet, jwtVerify } from "jose";

// One thread, whatever `--workers` says.
const text = { type: "string" };
const options = { listen: text, provider: text, serve: text, workers: text };
const { values } = parseArgs({ options });

// As in `tests/benches/api`.
const APPLICATION = "55556666-ffff-7777-aaaa-8888bbbb9999";
const TENANT = "aaaabbbb-0000-cccc-1111-dddd2222eeee";
const expected = {
    algorithms: ["RS256"],
    audience: "00001111-aaaa-2222-bbbb-3333cccc4444",
    issuer: `https://${TENANT}.login.example/${TENANT}/v2.0`,
};

const keys = createRemoteJWKSet(new URL(`${values.provider}/keys`));

function bare(request, response) {
    answer(response, 200, APPLICATION);
}

async function verified(request, response) {
    const [scheme, token] = (request.headers.authorization ?? "").split(" ");
    if (scheme !== "Bearer" || !token) {
        return answer(response, 401, "");
    }
    try {
        const { payload } = await jwtVerify(token, keys, expected);
        answer(response, 200, payload.azp);
    } catch {
        answer(response, 401, "");
    }
}

function answer(response, status, body) {
    response.writeHead(status, {
        "content-type": "text/plain; charset=utf-8",
        "content-length": Buffer.byteLength(body),
    });
    response.end(body);
}

const variants = { "node-bare": bare, "node-jose": verified };
const handler = variants[values.serve];
if (!handler) {
    throw new Error(`no variant ${values.serve}`);
}
const [host, port] = values.listen.split(":");
const server = createServer(handler).listen(Number(port), host, () => {
    console.log(`${host}:${server.address().port}`);
});
