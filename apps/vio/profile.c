/* SPDX-License-Identifier: BSD-3-Clause */
#include "profile.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "fail.h"
#include "gen_options.h"

/* Options that make sense for one stream; the others are of the whole run. */
/* clang-format off */
static const struct option_def stream_options[] = {
	GEN_RATE, GEN_COUNT_L1, GEN_PACING, GEN_SIZE, GEN_COUNT, GEN_BURST, GEN_SRC_IP, GEN_DST_IP,
	GEN_SRC_PORT, GEN_DST_PORT, GEN_SRC_MAC, GEN_DST_MAC, GEN_FLOWS, GEN_STEP, GEN_VLAN,
	GEN_IPV6, GEN_PROTO, GEN_TOS, GEN_TTL, GEN_VXLAN, GEN_PAYLOAD,
	{ 0 }
};
/* clang-format on */

/* Where the reader is. */
struct reading {
	const char *file;
	yaml_document_t *doc;
	struct profile *p;
};

static const char *text_of(const yaml_node_t *n)
{
	return n->type == YAML_SCALAR_NODE ? (const char *)n->data.scalar.value : "(no text)";
}

static int bad(const struct reading *r, const yaml_node_t *at, const char *what, const char *key,
	       const char *why)
{
	return fail(FAIL_PROFILE, why, "%s:%zu: %s '%s'", r->file, at->start_mark.line + 1, what,
		    key);
}

static int unknown_key(const struct reading *r, const yaml_node_t *at)
{
	char why[512] = "a stream has: name, weight";
	size_t len = strlen(why);

	for (const struct option_def *d = stream_options; d->name && len < sizeof(why); d++)
		len += (size_t)snprintf(why + len, sizeof(why) - len, ", %s", d->name);
	return bad(r, at, "unknown key", text_of(at), why);
}

static bool read_name(const char *text, struct profile_stream *s, struct why *why)
{
	if (!*text || strlen(text) > STREAM_NAME_MAX)
		return why_set(why, "a name has 1 to %u bytes", STREAM_NAME_MAX);
	for (const char *c = text; *c; c++)
		if (iscntrl((unsigned char)*c))
			return why_set(why, "a name has no control characters");
	strcpy(s->name, text);
	return true;
}

static bool read_weight(const char *text, struct profile_stream *s, struct why *why)
{
	const char *rest = text;

	if (!parse_decimal(&rest, &s->weight) || *rest || s->weight <= 0)
		return why_set(why, "a weight is a number above 0, such as 1 or 2.5");
	return true;
}

/* true or false, for an option that takes no argument. */
static bool read_switch(const char *text, const struct option_def *d, void *field, struct why *why)
{
	if (!strcmp(text, "true"))
		return d->read(NULL, field, why);
	if (strcmp(text, "false") || d->read != option_flag)
		return why_set(why, "true or false is wanted");
	*(bool *)field = false;
	return true;
}

static bool read_option(const struct option_def *d, const char *text, struct profile_stream *s,
			struct why *why)
{
	void *field = (char *)&s->cfg + d->offset;

	s->own_rate |= !strcmp(d->name, "rate");
	s->own_sizes |= !strcmp(d->name, "size");
	return d->arg ? d->read(text, field, why) : read_switch(text, d, field, why);
}

static int read_pair(const struct reading *r, const yaml_node_t *key, const yaml_node_t *value,
		     struct profile_stream *s)
{
	const char *name = text_of(key), *text = text_of(value);
	const struct option_def *d = option_find(stream_options, name);
	struct why why = { "" };
	bool good;

	if (value->type != YAML_SCALAR_NODE)
		return bad(r, value, "no single value for", name,
			   "each value is one text, written as on the command line");
	if (!strcmp(name, "name"))
		good = read_name(text, s, &why);
	else if (!strcmp(name, "weight"))
		good = read_weight(text, s, &why);
	else if (d)
		good = read_option(d, text, s, &why);
	else
		return unknown_key(r, key);
	if (good)
		return 0;
	return fail(FAIL_PROFILE, why.text, "%s:%zu: %s '%s' is not valid", r->file,
		    value->start_mark.line + 1, name, text);
}

static yaml_node_t *node(const struct reading *r, int index)
{
	return yaml_document_get_node(r->doc, index);
}

/* Has one of the pairs before @end this key? */
static bool has_key_before(const struct reading *r, const yaml_node_t *map,
			   const yaml_node_pair_t *end, const char *key)
{
	for (const yaml_node_pair_t *p = map->data.mapping.pairs.start; p < end; p++)
		if (!strcmp(text_of(node(r, p->key)), key))
			return true;
	return false;
}

static bool has_key(const struct reading *r, const yaml_node_t *map, const char *key)
{
	return has_key_before(r, map, map->data.mapping.pairs.top, key);
}

static int read_pairs(const struct reading *r, const yaml_node_t *map, struct profile_stream *s)
{
	const yaml_node_pair_t *p = map->data.mapping.pairs.start;
	int rc = 0;

	for (; p < map->data.mapping.pairs.top && !rc; p++) {
		const yaml_node_t *key = node(r, p->key);

		if (has_key_before(r, map, p, text_of(key)))
			return bad(r, key, "a second", text_of(key), "each key stands once");
		rc = read_pair(r, key, node(r, p->value), s);
	}
	return rc;
}

static int check_stream(const struct reading *r, const yaml_node_t *at,
			const struct profile_stream *s)
{
	if (s->own_rate && has_key(r, at, "weight"))
		return bad(r, at, "rate and weight in", s->name,
			   "a weight is a share of the command line's rate (-r)");
	for (const struct profile_stream *other = r->p->stream; other < s; other++)
		if (!strcmp(other->name, s->name))
			return bad(r, at, "a second stream", s->name, "names tell streams apart");
	return 0;
}

static int read_stream(const struct reading *r, const yaml_node_t *at,
		       const struct gen_config *base)
{
	struct profile_stream *s = &r->p->stream[r->p->n];
	int rc;

	snprintf(s->name, sizeof(s->name), "stream%u", r->p->n++);
	if (at->type != YAML_MAPPING_NODE)
		return bad(r, at, "no keys and values for", s->name,
			   "a stream is a map, such as {name: voice, rate: 50kpps, size: 200}");
	s->weight = 1;
	s->cfg = *base;
	s->cfg.sizes = (struct sizes){ 0 }; /* the base's stay its own */
	rc = read_pairs(r, at, s);
	if (!s->own_sizes)
		s->cfg.sizes = base->sizes;
	return rc ? rc : check_stream(r, at, s);
}

static int read_streams(const struct reading *r, const yaml_node_t *list,
			const struct gen_config *base)
{
	const yaml_node_item_t *i = list->data.sequence.items.start;
	int rc = 0;

	if (list->type != YAML_SEQUENCE_NODE)
		return bad(r, list, "no list in", "streams", "streams is a list of maps");
	if (list->data.sequence.items.top == i ||
	    list->data.sequence.items.top - i > (ptrdiff_t)STREAMS_MAX)
		return bad(r, list, "too few or too many", "streams",
			   "a profile has 1 to 64 streams");
	for (; i < list->data.sequence.items.top && !rc; i++)
		rc = read_stream(r, node(r, *i), base);
	return rc;
}

static int read_document(const struct reading *r, const struct gen_config *base)
{
	const yaml_node_t *root = yaml_document_get_root_node(r->doc);
	const yaml_node_pair_t *p;

	if (!root)
		return fail(FAIL_PROFILE, "the file is empty", "%s: no streams", r->file);
	if (root->type != YAML_MAPPING_NODE || !has_key(r, root, "streams"))
		return bad(r, root, "no key", "streams",
			   "a profile is a map with a list of streams");
	p = root->data.mapping.pairs.start;
	if (root->data.mapping.pairs.top - p > 1)
		return bad(r, node(r, p[1].key), "unknown key", text_of(node(r, p[1].key)),
			   "a profile has one key, streams, once");
	return read_streams(r, node(r, p->value), base);
}

/* The file's text as a tree. */
static int load(const char *file, yaml_document_t *doc)
{
	FILE *in = fopen(file, "rb");
	yaml_parser_t parser;
	int rc = 0;

	if (!in)
		return fail(FAIL_PROFILE, strerror(errno), "%s: the file can't be read", file);
	if (!yaml_parser_initialize(&parser)) {
		fclose(in);
		return fail(FAIL_MEMORY, NULL, "%s: no room to read it", file);
	}
	yaml_parser_set_input_file(&parser, in);
	if (!yaml_parser_load(&parser, doc))
		rc = fail(FAIL_PROFILE, parser.problem, "%s:%zu: neither YAML nor JSON", file,
			  parser.problem_mark.line + 1);
	yaml_parser_delete(&parser);
	fclose(in);
	return rc;
}

static struct profile *profile_new(void)
{
	struct profile *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->stream = calloc(STREAMS_MAX, sizeof(*p->stream));
	p->document = calloc(1, sizeof(yaml_document_t));
	if (p->stream && p->document)
		return p;
	profile_free(p);
	return NULL;
}

void profile_free(struct profile *p)
{
	if (!p)
		return;
	for (unsigned int i = 0; i < p->n; i++)
		if (p->stream[i].own_sizes)
			sizes_free(&p->stream[i].cfg.sizes);
	if (p->document)
		yaml_document_delete(p->document);
	free(p->document);
	free(p->stream);
	free(p);
}

int profile_read(const char *file, const struct gen_config *base, struct profile **out)
{
	struct profile *p = profile_new();
	struct reading r = { .file = file, .p = p };
	int rc;

	if (!p)
		return fail(FAIL_MEMORY, NULL, "%s: no room for its streams", file);
	r.doc = p->document;
	rc = load(file, r.doc);
	if (!rc)
		rc = read_document(&r, base);
	if (rc)
		profile_free(p);
	else
		*out = p;
	return rc;
}
