# The example as a Flask application, served by Flask's own server on the port in `PORT`.

import json
import os
import random
import uuid

from flask import Flask, Response

MEDITATIONS = [
    "off to a regex/",
    "the count of machines abides",
    "you wouldn't fax a bat",
    "HAZARDOUS CHEMICALS + RKELLY",
    "your solution requires a blood eagle",
    "testing is broken because I'm lazy",
    "did u mention banana cognac shower",
]

app = Flask(__name__)


@app.post("/")
def meditate():
    print(f"received request with id '{uuid.uuid4()}'")
    answer = {"status": "success", "meditation": random.choice(MEDITATIONS)}
    # Flask's own `jsonify` sorts the keys and ends with a newline; the others do neither.
    return Response(json.dumps(answer, separators=(",", ":")), mimetype="application/json")


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(os.environ["PORT"]), threaded=True)
