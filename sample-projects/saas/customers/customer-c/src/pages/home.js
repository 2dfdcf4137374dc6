// The start page: a greeting that lives in a text file.
import greeting from "../greeting.txt";

export default function home() {
  return new Response(greeting);
}
