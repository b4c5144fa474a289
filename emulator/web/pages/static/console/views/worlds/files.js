// A world as a file. It is fetched and not linked, because a link cannot send the admin token.

import { admin, adminHeaders, ApiError } from "../../../lib/api.js";

export async function exportWorld(name) {
  const path = `/_emulator/worlds/${encodeURIComponent(name)}/file`;
  const response = await fetch(path, { headers: adminHeaders() }).catch(() => {
    throw new ApiError(0, "unreachable", "The emulator does not answer.");
  });
  if (!response.ok) {
    const { message } = await response.json();
    throw new ApiError(response.status, "", message);
  }
  const address = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = address;
  link.download = `${name}.world.zip`;
  link.click();
  URL.revokeObjectURL(address);
}

export function importWorld(file, name) {
  const query = new URLSearchParams(name ? { name } : {});
  return admin("POST", `worlds/files?${query}`, file.slice(0, file.size, "application/zip"));
}
