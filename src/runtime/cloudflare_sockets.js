// What Workers see when they import `cloudflare:sockets`.
export { connect } from "internal:sockets";
