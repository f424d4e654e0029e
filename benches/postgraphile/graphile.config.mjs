// PostGraphile as its documentation sets it up for production, over the tables of crm: no watching,
// no GraphiQL, as many connections as the server beside it has.
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { makePgService } from "postgraphile/adaptors/pg";

export default {
  extends: [PostGraphileAmberPreset],
  grafast: { explain: false },
  grafserv: {
    port: Number(process.env.PORT),
    host: "127.0.0.1",
    watch: false,
    graphiql: false,
  },
  pgServices: [
    makePgService({
      connectionString: process.env.DATABASE_URL,
      schemas: ["public"],
      poolConfig: { max: 16 },
    }),
  ],
};
