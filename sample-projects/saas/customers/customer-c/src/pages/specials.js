// Today's specials: everything that costs less than ten.
export function specials(dishes) {
  const names = dishes.filter((dish) => dish.price < 10).map((dish) => dish.name);
  return new Response(`${names.join(", ")}\n`);
}
