/* SPDX-License-Identifier: BSD-3-Clause */
#include "replay_json.h"

#include "document.h"
#include "gen.h"
#include "replay_run.h"

static void put_frames(json_t *o, const struct gen_replay *p)
{
	const struct replay_file *f = &p->file;

	json_put_int(o, "frames", f->frames);
	json_put_int(o, "frames_sendable", p->sendable.frames);
	json_put_int(o, "frames_cut", f->cut);
	json_put_int(o, "frames_too_short", f->short_);
	json_put_int(o, "frames_too_long", gen_replay_too_long(p));
	json_object_set_new(o, "file_duration_s",
			    json_real((double)(f->last_ns - f->first_ns) / 1e9));
}

json_t *replay_json(const struct gen *g)
{
	const struct gen_replay *p = g->replay;
	bool keep = p->timing.pace == REPLAY_KEEP;
	json_t *o = json_object();

	json_object_set_new(o, "file", json_any_text(g->cfg->pcap));
	json_object_set_new(o, "format", json_string(pcapfile_format_name(p->file.format)));
	json_object_set_new(o, "timing", json_string(keep ? "keep" : "rate"));
	if (keep)
		json_put_real(o, "speed", p->timing.speed);
	if (g->n_txq > 1)
		json_object_set_new(o, "flow", json_string(replay_flow_name(g->cfg->flow_hash)));
	if (g->cfg->loops)
		json_put_int(o, "loops", g->cfg->loops);
	put_frames(o, p);
	json_object_set_new(o, "passes",
			    json_real((double)g->result.t.sent / (double)p->sendable.frames));
	return o;
}
