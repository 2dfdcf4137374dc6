//! Sockets of the web that Durable Objects accept: their messages are calls of the object's methods; and what objects keep
//! while they are away.

use crate::support::Dev;

const ROOM: &str = "
    import { DurableObject } from 'cloudflare:workers';
    export class Room extends DurableObject {
      async fetch(request) {
        const [client, server] = Object.values(new WebSocketPair());
        const name = new URL(request.url).searchParams.get('name');
        this.ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('ping', 'pong'));
        this.ctx.acceptWebSocket(server, [name, 'all']);
        server.serializeAttachment({ name });
        return new Response(null, { status: 101, webSocket: client });
      }
      webSocketMessage(socket, message) {
        const { name } = socket.deserializeAttachment();
        for (const other of this.ctx.getWebSockets('all')) other.send(`${name}: ${message}`);
        if (message === 'who') socket.send(JSON.stringify([this.ctx.getTags(socket), this.ctx.getWebSockets('b').length, this.ctx.getWebSocketAutoResponse().response, this.ctx.getWebSocketAutoResponseTimestamp(socket) instanceof Date]));
        if (message === 'throw') throw new Error('thrown in the room');
      }
      webSocketClose(socket, code, reason, wasClean) {
        for (const other of this.ctx.getWebSockets()) other.send(`${socket.deserializeAttachment().name} left: ${code} ${reason} ${wasClean}`);
      }
    }
    const join = async (room, name) => {
      const { webSocket } = await room.fetch(`http://room/?name=${name}`, { headers: { upgrade: 'websocket' } });
      webSocket.accept();
      const got = [];
      webSocket.addEventListener('message', ({ data }) => got.push(data));
      const until = async (count) => { while (got.length < count) await scheduler.wait(2); return got.splice(0); };
      return { socket: webSocket, until };
    };
    export default {
      async fetch(request, env) {
        const room = env.ROOM.getByName('one');
        const [a, b] = [await join(room, 'a'), await join(room, 'b')];
        const said = [];
        a.socket.send('hello');
        said.push(await a.until(1), await b.until(1));
        a.socket.send('ping');
        said.push(await a.until(1));
        a.socket.send('who');
        said.push(await a.until(2), await b.until(1));
        b.socket.close(4001, 'bye');
        said.push(await a.until(1));
        a.socket.send('throw');
        said.push(await a.until(1));
        a.socket.send('still here');
        said.push(await a.until(1));
        return Response.json(said);
      },
    };";

#[test]
fn messages_of_accepted_sockets_reach_the_object() {
    let config = "durable_objects = { bindings = [{ name = \"ROOM\", class_name = \"Room\" }] }\n\
                  migrations = [{ tag = \"v1\", new_sqlite_classes = [\"Room\"] }]";
    let dev = Dev::new().worker("chat", ROOM).config("chat", config).start();
    dev.get("/").json(
        r#"[["a: hello"],["a: hello"],["pong"],["a: who","[[\"a\",\"all\"],1,\"pong\",true]"],["a: who"],["b left: 4001 bye true"],["a: throw"],["a: still here"]]"#,
    );
    dev.says("thrown in the room");
}

const SLEEPER: &str = "
    import { DurableObject } from 'cloudflare:workers';
    let made = 0;
    export class Room extends DurableObject {
      constructor(ctx, env) { super(ctx, env); made++; }
      async fetch(request) {
        const [client, server] = Object.values(new WebSocketPair());
        const name = new URL(request.url).searchParams.get('name');
        this.ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('ping', 'pong'));
        this.ctx.acceptWebSocket(server, [name]);
        server.serializeAttachment({ name });
        return new Response(null, { status: 101, webSocket: client });
      }
      webSocketMessage(socket, message) {
        const names = this.ctx.getWebSockets().map((other) => other.deserializeAttachment().name);
        socket.send(JSON.stringify([message, this.ctx.getTags(socket), names.sort(), this.ctx.getWebSockets('b').length]));
      }
      webSocketClose(socket, code) {
        for (const other of this.ctx.getWebSockets()) other.send(`${this.ctx.getTags(socket)} left: ${code}`);
      }
    }
    const join = async (room, name) => {
      const { webSocket } = await room.fetch(`http://room/?name=${name}`, { headers: { upgrade: 'websocket' } });
      webSocket.accept();
      const got = [];
      webSocket.addEventListener('message', ({ data }) => got.push(data));
      const next = async () => { while (got.length === 0) await scheduler.wait(2); return got.shift(); };
      return { socket: webSocket, next };
    };
    export default {
      async fetch(request, env) {
        const room = env.ROOM.getByName('one');
        const [a, b] = [await join(room, 'a'), await join(room, 'b')];
        const said = [made];
        while (made < 2) {
          await scheduler.wait(14_000);
          a.socket.send('ping');
          said[1] = [await a.next(), made];
          a.socket.send('awake');
          said[2] = await a.next();
        }
        b.socket.close(4001, 'bye');
        said.push(await a.next());
        return Response.json(said);
      },
    };";

/// Takes as long as an object waits before it leaves.
#[test]
fn an_idle_object_leaves_its_isolate_and_keeps_its_sockets() {
    let config = "durable_objects = { bindings = [{ name = \"ROOM\", class_name = \"Room\" }] }\n\
                  migrations = [{ tag = \"v1\", new_sqlite_classes = [\"Room\"] }]";
    let dev = Dev::new().worker("chat", SLEEPER).config("chat", config).start();
    dev.get("/").json(r#"[1,["pong",1],"[\"awake\",[\"a\"],[\"a\",\"b\"],1]","b left: 4001"]"#);
}

#[test]
fn objects_of_a_renamed_class_keep_what_they_have_in_memory() {
    let code = |class: &str| {
        format!(
            "import {{ DurableObject }} from 'cloudflare:workers';
             export class {class} extends DurableObject {{
               async add() {{ const n = ((await this.ctx.storage.get('n')) ?? 0) + 1; await this.ctx.storage.put('n', n); return n; }}
             }}
             export default {{ fetch: async (_, env) => new Response(`{class} ${{await env.OBJECTS.getByName('one').add()}}`) }};"
        )
    };
    let config = |class: &str, more: &str| {
        format!(
            "name = \"counter\"\nmain = \"src/index.js\"\ncompatibility_date = \"2026-01-01\"\n\
             durable_objects = {{ bindings = [{{ name = \"OBJECTS\", class_name = \"{class}\" }}] }}\n\
             migrations = [{{ tag = \"v1\", new_sqlite_classes = [\"Old\"] }}{more}]"
        )
    };
    let folder = Dev::new().worker("counter", &code("Old")).file("counter/wrangler.toml", config("Old", ""));
    let dev = folder.start();
    dev.get("/").body("Old 1");
    dev.get("/").body("Old 2");
    dev.edit("counter", "src/index.js", code("New"));
    let rename = ", { tag = \"v2\", renamed_classes = [{ from = \"Old\", to = \"New\" }] }";
    dev.edit("counter", "wrangler.toml", config("New", rename));
    dev.get("/").body("New 3");
}
