// An OpenID provider (npm `oidc-provider`) for tests, on loopback only.
//
// The first line of standard input is a JSON object of options; every further
// line is a command and gets exactly one JSON line as answer. The process ends
// when its standard input does. `tests/src/provider.rs` speaks to it.
//
// Options, all but `clients` with a default:
//   clients        client metadata as oidc-provider takes it
//   host           the issuer's host name: "127.0.0.1" or "localhost"
//   port           0: one that is free
//   path           what follows the port in the issuer: "", "/" or "/realms/tea"
//   algorithms     what ID tokens may be signed with: ["RS256"]
//   apis           {"<resource>": {audience, scope, alg, roles}}: APIs that clients get JWT
//                  access tokens for, as RFC 8707 asks; `roles` has an application that calls
//                  in its own name, users have those of their account
//   accounts       {"<sub>": {claims}}; everyone has a name and an e-mail address
//   offline        false: refresh tokens are for `offline_access`, which needs `prompt=consent`;
//                  true: for whoever is registered for the grant. Each is good once, and used
//                  twice ends its sign-in
//   lifetimes      {"AccessToken": seconds, "RefreshToken": seconds} and others of `ttl`
//   configuration  merged over ours, `features` one level deeper
//
// Commands:
//   {"command": "rotate", "keep": false}      new keys now, the old ones kept or not
//   {"command": "delay", "path": "/token", "milliseconds": 300}
//   {"command": "revoke", "sub": "alice"}     ends what this account has, sessions too
//   {"command": "stats"}                      how often each path was asked for, with which kind
//                                             of credentials, and for which grant type, once
//                                             the client proved itself: "/token with Basic",
//                                             "/token for refresh_token"

import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { generateKeyPairSync } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

// Standard output belongs to the answers.
console.log = console.info = console.debug = console.error;
const { Provider, errors } = await import('oidc-provider');

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const options = JSON.parse((await lines.next()).value);
const { host = '127.0.0.1', port = 0, algorithms = ['RS256'], accounts = {} } = options;
const { apis, lifetimes, offline = false, path: issuerPath = '' } = options;
const mount = issuerPath.replace(/\/$/, '');

const stats = {};
const delays = {};
const stored = new Map();
let keys = freshKeys();
let provider;

const server = createServer(async (request, response) => {
  if (!request.url.startsWith(mount)) return void response.writeHead(404).end();
  // What `oidc-provider` takes the path from that it is mounted at.
  request.originalUrl = request.url;
  request.url = request.url.slice(mount.length);
  // `/auth` and `/interaction` carry an id of their own: counted as one.
  const path = request.url.split('?', 1)[0].replace(/^(\/auth|\/interaction)\/.*/, '$1');
  count(path);
  const { authorization } = request.headers;
  if (authorization) count(`${path} with ${authorization.split(' ', 1)[0]}`);
  if (delays[path]) await sleep(delays[path]);
  provider.callback()(request, response);
});
await new Promise((resolve, reject) => {
  server.once('error', reject);
  server.listen(port, '127.0.0.1', resolve);
});
const issuer = `http://${host}:${server.address().port}${issuerPath}`;
provider = newProvider();
answer({ issuer, ready: true });

for await (const line of lines) answer(obey(JSON.parse(line)));
process.exit(0);

function obey({ command, ...parameters }) {
  switch (command) {
    case 'rotate':
      rotate(parameters.keep ?? false);
      return { rotated: true };
    case 'delay':
      delays[parameters.path] = parameters.milliseconds;
      return { delayed: parameters.path };
    case 'revoke':
      for (const [name, { payload }] of stored) {
        if (payload.accountId === parameters.sub) stored.delete(name);
      }
      return { revoked: parameters.sub };
    case 'stats':
      return { stats };
    default:
      return { error: `unknown command ${command}` };
  }
}

function count(what) {
  stats[what] = (stats[what] ?? 0) + 1;
}

// The keys of a running Provider cannot be changed: a second one takes over
// behind the same server, with the same storage, issuer and cookie keys.
function rotate(keep) {
  keys = keep ? [...freshKeys(), ...keys] : freshKeys();
  provider = newProvider();
}

function newProvider() {
  const { features = {}, ...configuration } = options.configuration ?? {};
  const made = new Provider(issuer, {
    adapter: Storage,
    claims: {
      openid: ['sub'],
      email: ['email', 'email_verified'],
      profile: ['name', 'given_name', 'family_name', 'preferred_username'],
    },
    clients: options.clients,
    cookies: { keys: ['the same for every provider behind this server'] },
    enabledJWA: { idTokenSigningAlgValues: algorithms },
    // Its own fetch refuses loopback addresses (back-channel sign-out, jwks_uri).
    fetch: (url, { dispatcher, ...rest }) => fetch(url, rest),
    findAccount: (_, sub) => ({ accountId: sub, claims: () => claimsOf(sub) }),
    jwks: { keys },
    rotateRefreshToken: true,
    ...(offline && {
      expiresWithSession: async () => false,
      issueRefreshToken: async (_, client) => client.grantTypeAllowed('refresh_token'),
    }),
    ...(lifetimes && { ttl: lifetimes }),
    ...configuration,
    ...(apis && { extraTokenClaims: (_, token) => ({ roles: rolesOf(token) }) }),
    features: {
      devInteractions: { enabled: true },
      revocation: { enabled: true },
      ...(apis && apiFeatures()),
      ...features,
    },
  });
  const counted = ({ oidc }) => count(`/token for ${oidc.params.grant_type}`);
  made.on('grant.success', counted);
  made.on('grant.error', (context) => context.oidc.client && counted(context));
  return made;
}

function apiFeatures() {
  return {
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo(_, resource) {
        if (!apis[resource]) throw new errors.InvalidTarget();
        const { alg, audience, scope } = apis[resource];
        return { accessTokenFormat: 'jwt', audience, jwt: { sign: { alg } }, scope };
      },
    },
  };
}

function rolesOf({ accountId, resourceServer }) {
  if (accountId) return accounts[accountId]?.roles;
  return apis[resourceServer?.identifier()]?.roles;
}

function claimsOf(sub) {
  return {
    sub,
    email: `${sub}@example.com`,
    email_verified: true,
    name: `The customer ${sub}`,
    preferred_username: sub,
    ...accounts[sub],
  };
}

// One key for each family; RS256 and PS256 share one, which names no `alg`.
function freshKeys() {
  const families = new Set(algorithms.map((algorithm) => algorithm.slice(0, 2)));
  const rsa = families.has('RS') || families.has('PS');
  return [
    rsa && generateKeyPairSync('rsa', { modulusLength: 2048 }),
    families.has('ES') && generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    families.has('Ed') && generateKeyPairSync('ed25519'),
  ].filter(Boolean).map(({ privateKey }) => privateKey.export({ format: 'jwk' }));
}

function answer(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

// What one model of oidc-provider stores; all models share one map, which outlives a rotation.
function Storage(model) {
  const key = (id) => `${model} ${id}`;
  const find = async (id) => {
    const entry = stored.get(key(id));
    return entry && entry.until > Date.now() ? entry.payload : undefined;
  };
  const findBy = async (member, value) => {
    for (const [name, { payload }] of stored) {
      const [kind, id] = name.split(' ', 2);
      if (kind === model && payload[member] === value) return find(id);
    }
    return undefined;
  };
  return {
    find,
    findByUid: (uid) => findBy('uid', uid),
    findByUserCode: (userCode) => findBy('userCode', userCode),
    async upsert(id, payload, seconds) {
      stored.set(key(id), { payload, until: seconds ? Date.now() + seconds * 1000 : Infinity });
    },
    async destroy(id) {
      stored.delete(key(id));
    },
    async consume(id) {
      stored.get(key(id)).payload.consumed = Math.floor(Date.now() / 1000);
    },
    async revokeByGrantId(grantId) {
      // Of this model: an interaction names the grant too, and goes on without it.
      for (const [name, { payload }] of stored) {
        if (name.startsWith(key('')) && payload.grantId === grantId) stored.delete(name);
      }
    },
  };
}
