// A program with the types that openapi-typescript makes: it leaves out all optional fields.
import createClient from "openapi-fetch";
import type { components, paths } from "./documented";

// The other documents compile, too.
export type { paths as AdminPaths } from "./admin";
export type { paths as ClientPaths } from "./client";

async function main(): Promise<void> {
  const [baseUrl] = process.argv.slice(2);
  const api = createClient<paths>({ baseUrl, headers: { Authorization: "Bearer ak_demo" } });

  const made = await api.POST("/streams/", { body: { title: "From a generated client" } });
  if (made.data === undefined) throw new Error(made.error.message);
  const { id, stream_key: key } = made.data;
  const path = { stream_id: id };

  const changed = await api.PUT("/streams/id/{stream_id}", { params: { path }, body: { tags: ["a"] } });
  await api.POST("/streams/{stream_id}/chat", { params: { path }, body: { content: "Hello" } });
  const body = { email: "generated@example.org", password: "secret-enough" };
  const registered = await api.POST("/auth/register", { body });
  const page = await api.GET("/streams/", { params: { query: { per_page: 2 } } });
  const shown: components["schemas"]["Stream"] | undefined = page.data?.streams[0];
  const refused = await api.GET("/streams/id/{stream_id}", { params: { path: { stream_id: "x" } } });

  console.log(
    JSON.stringify({
      key,
      tags: changed.data?.tags.map((tag) => tag.name),
      first: shown?.id === id,
      username: registered.data?.user.username,
      refused: refused.error?.status,
    }),
  );
}

main();
