// What Workers see when they import `cloudflare:email`.
export { EmailMessage } from "internal:email_message";
