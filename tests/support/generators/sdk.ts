// A program with the functions that @hey-api/openapi-ts makes: they have the operations' names.
import { createStream, endStream, getStream } from "./sdk/index";
import { client } from "./sdk/client.gen";

async function main(): Promise<void> {
  const [baseUrl] = process.argv.slice(2);
  client.setConfig({ baseUrl, auth: "ak_demo" });

  const made = await createStream({ body: { title: "From a generated SDK" }, throwOnError: true });
  const path = { stream_id: made.data.id };
  const { data } = await getStream({ path, throwOnError: true });
  const ended = await endStream({ path, throwOnError: true });

  console.log(JSON.stringify({ title: data.title, status: ended.data.status }));
}

main();
