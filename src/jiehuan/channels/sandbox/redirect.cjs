// Preloaded into a program of Node.js (NODE_OPTIONS), this sends what is meant for WeChat Pay to
// the sandbox that HTTPS_PROXY names, over plain HTTP.  For programs that heed no proxy: Node's
// own https and fetch before Node 24, and what is built on them (superagent).
"use strict";

const http = require("node:http");
const https = require("node:https");

const HOSTS = ["api.mch.weixin.qq.com", "api2.mch.weixin.qq.com"];
const sandbox = process.env.HTTPS_PROXY ? new URL(process.env.HTTPS_PROXY) : null;

function over(original, method) {
  return function (...args) {
    const at = typeof args[0] === "string" || args[0] instanceof URL ? new URL(args[0]) : null;
    const given = (at ? args[1] : args[0]) || {};
    const options = typeof given === "function" ? {} : given;
    const host = options.hostname || String(options.host || (at ? at.host : "")).split(":")[0];
    if (!HOSTS.includes(host)) return original.apply(https, args);
    const answered = args.find((one) => typeof one === "function");
    const sent = {
      ...options,
      protocol: "http:",
      host: undefined,
      hostname: sandbox.hostname,
      port: sandbox.port,
      path: options.path || (at ? at.pathname + at.search : "/"),
      headers: { ...options.headers, host },
      agent: undefined,
    };
    return http[method](sent, answered);
  };
}

if (sandbox) {
  https.request = over(https.request, "request");
  https.get = over(https.get, "get");
  const fetched = globalThis.fetch;
  globalThis.fetch = function (asked, options) {
    const text = typeof asked === "string" ? asked : asked instanceof URL ? asked.href : "";
    const at = URL.canParse(text) ? new URL(text) : null;
    if (!at || !HOSTS.includes(at.hostname)) return fetched(asked, options);
    return fetched(new URL(at.pathname + at.search, sandbox), options);
  };
}
