/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "commands.h"
#include "compare.h"
#include "fail.h"
#include "outfile.h"
#include "page.h"

struct report_config {
	const char *out;
	bool compare;
};

#define AT(field) offsetof(struct report_config, field)

/* clang-format off */
static const struct option_def options[] = {
	{ "output", 'o', "FILE", option_text, AT(out), "the page to write; - is stdout; default report.html" },
	{ "compare", 0, NULL, option_flag, AT(compare), "two runs, or two groups of runs, against each other" },
	{ 0 }
};

static const char examples[] =
	"A result is what pktgen and search write with -o. LABEL=FILE names it; results of one label are\n"
	"repetitions of one thing: they share a line in plots, and --compare takes their mean and spread.\n"
	"The page needs nothing else: no network, no script.\n\n"
	"examples:\n"
	"  vio report run.json -o run.html\n"
	"  vio report 64=a.json 64=b.json 1518=c.json\n"
	"  vio report --compare old=a1.json old=a2.json new=b1.json new=b2.json\n\n"
	"exit codes: 0 written; 2 usage; 3 a file can't be read or written\n";
/* clang-format on */

static int write_page(const struct records *rs, const struct report_config *cfg)
{
	struct outfile out;
	int rc = outfile_begin(&out, cfg->out);

	if (!rc) {
		page_write(rs, cfg->compare, out.f);
		rc = outfile_commit(&out);
	}
	return rc ? fail(FAIL_FILE, strerror(-rc), "%s: the page could not be written", cfg->out)
		  : 0;
}

static int report_files(const struct report_config *cfg, char **files, unsigned int n)
{
	struct records rs;
	int rc = records_read(&rs, files, n);

	if (!rc && cfg->compare && rs.n_groups != 2)
		rc = fail(FAIL_CONFLICT, "--compare is for two runs, or for runs of two labels",
			  "report: there are %u: 'vio report --compare old=A.json new=B.json'",
			  rs.n_groups);
	if (!rc)
		rc = write_page(&rs, cfg);
	if (!rc && strcmp(cfg->out, "-")) {
		if (cfg->compare)
			compare_print(&rs, stdout);
		printf("%s: %u result%s\n", cfg->out, rs.n, rs.n == 1 ? "" : "s");
	}
	records_free(&rs);
	return rc;
}

static int report(const struct command *cmd, int argc, char **argv)
{
	struct report_config cfg = { .out = "report.html" };
	int first = options_ports(cmd, argc, argv, &cfg);

	if (first <= 0)
		return -first;
	if (first == argc)
		return fail(FAIL_OPTION, "it works on results", "report: no file");
	return report_files(&cfg, argv + first, (unsigned int)(argc - first));
}

const struct command command_report = {
	.name = "report",
	.args = "[LABEL=]RUN.json... [options]",
	.summary = "Show results as a page with plots, or compare them.",
	.options = options,
	.examples = examples,
	.run = report,
};
