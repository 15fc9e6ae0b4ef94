# SPDX-License-Identifier: BSD-3-Clause
"""As much of JSON Schema as docs/schema uses."""

TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
}


def is_type(value, name):
    if isinstance(value, bool) and name != "boolean":
        return False
    return isinstance(value, TYPES[name])


def resolve(schema, root):
    if "$ref" not in schema:
        return schema
    target = root
    for part in schema["$ref"].lstrip("#/").split("/"):
        target = target[part]
    return target


def object_errors(value, schema, root, path):
    known = schema.get("properties", {})
    rest = schema.get("additionalProperties", True)
    for name in schema.get("required", []):
        if name not in value:
            yield f"{path}: {name} is missing"
    for name, member in value.items():
        if name in known:
            yield from errors(member, known[name], root, f"{path}.{name}")
        elif rest is False:
            yield f"{path}: {name} is not in the schema"
        elif isinstance(rest, dict):
            yield from errors(member, rest, root, f"{path}.{name}")


def errors(value, schema, root=None, path="$"):
    """Yield a sentence for each thing in value that schema does not allow."""
    root = root or schema
    schema = resolve(schema, root)
    if "type" in schema and not is_type(value, schema["type"]):
        yield f"{path}: {value!r} is no {schema['type']}"
        return
    if "const" in schema and value != schema["const"]:
        yield f"{path}: {value!r} is not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path}: {value!r} is none of {schema['enum']}"
    if "minimum" in schema and value < schema["minimum"]:
        yield f"{path}: {value} is below {schema['minimum']}"
    if "maximum" in schema and value > schema["maximum"]:
        yield f"{path}: {value} is above {schema['maximum']}"
    if isinstance(value, dict):
        yield from object_errors(value, schema, root, path)
    if isinstance(value, list) and "items" in schema:
        for i, item in enumerate(value):
            yield from errors(item, schema["items"], root, f"{path}[{i}]")
