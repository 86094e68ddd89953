// The example as a Cloudflare Worker in plain JavaScript, without a dependency.

const meditations = [
  "off to a regex/",
  "the count of machines abides",
  "you wouldn't fax a bat",
  "HAZARDOUS CHEMICALS + RKELLY",
  "your solution requires a blood eagle",
  "testing is broken because I'm lazy",
  "did u mention banana cognac shower",
];

export default {
  async fetch(request) {
    // Cloudflare names each request in `cf-ray`; workerd by itself does not.
    const id = request.headers.get("cf-ray") ?? crypto.randomUUID();
    console.log(`received request with id '${id}'`);
    const meditation = meditations[Math.floor(Math.random() * meditations.length)];
    return Response.json({ status: "success", meditation });
  },
};
