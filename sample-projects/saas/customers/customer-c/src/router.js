// The smallest router that does: an exact path, or 404.
export function route(routes, request) {
  const { pathname } = new URL(request.url);
  const handler = routes[pathname];
  return handler ? handler(request) : new Response(`Nothing at ${pathname}\n`, { status: 404 });
}
