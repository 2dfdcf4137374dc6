//! Sockets of the web that Durable Objects accept: their messages are calls of the object's methods.

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
