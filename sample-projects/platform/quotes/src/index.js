// A quote for a customer; asked without the gate's signature, it answers 401.
const QUOTES = [
	"A smooth sea never made a skilled sailor.",
	"A ship in harbour is safe, but that is not what ships are built for.",
	"You can't control the wind, but you can adjust the sails.",
];

export default {
	fetch(request, { QUOTES_TOKEN }) {
		if (request.headers.get("authorization") !== `Bearer ${QUOTES_TOKEN}`) return new Response("Who asks?\n", { status: 401 });
		const customer = request.headers.get("x-customer");
		return Response.json({ customer, quote: QUOTES[customer.length % QUOTES.length] });
	},
};
