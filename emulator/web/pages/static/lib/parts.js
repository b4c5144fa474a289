// The parts of views, each in a small file of `parts/`.

export { Chart } from "./parts/chart.js";
export { Choices, Pager } from "./parts/choices.js";
export { Copy, CopyLine } from "./parts/copy.js";
export { confirm } from "./parts/dialog.js";
export { Field, Form, SelectField, USERNAME } from "./parts/field.js";
export { bits, bytes, count, date, duration, setToday, time, when } from "./parts/format.js";
export { Json } from "./parts/json.js";
export { Badge, Empty, Problem, Short, Text, Tiles, View } from "./parts/layout.js";
export { Lost } from "./parts/lost.js";
export { Picture } from "./parts/picture.js";
export { Qr } from "./parts/qr.js";
export { Table } from "./parts/table.js";
export { problem, toast } from "./parts/toasts.js";
export { TokenForm, useTokenNeeded } from "./parts/token.js";
