# The example as an AWS Lambda function in Python, run by AWS's own runtime client, awslambdaric.

import json
import random

MEDITATIONS = [
    "off to a regex/",
    "the count of machines abides",
    "you wouldn't fax a bat",
    "HAZARDOUS CHEMICALS + RKELLY",
    "your solution requires a blood eagle",
    "testing is broken because I'm lazy",
    "did u mention banana cognac shower",
]


def handler(event, context):
    print(f"received request with id '{context.aws_request_id}'")
    answer = {"status": "success", "meditation": random.choice(MEDITATIONS)}
    return {
        "statusCode": 200,
        "headers": {"content-type": "application/json"},
        "body": json.dumps(answer, separators=(",", ":")),
    }
