/* SPDX-License-Identifier: BSD-3-Clause */
#include "features.h"

#include <errno.h>
#include <string.h>

#include "../../lib/base/compiler.h"
#include "../../lib/base/err.h"

/* What this driver does with a bit that is offered. */
enum policy {
	NEED, /* there is no going on without it */
	TAKE, /* wanted whenever it is offered */
	ASK,  /* understood; taken only where somebody asks for it */
	OLD,  /* wanted of a legacy device; later ones have it without saying so */
	NEVER /* known by name only */
};

#define B(bit) \
	{ \
		{ \
			(bit) < 64 ? UINT64_C(1) << ((bit)&63) : 0, \
				(bit) < 64 ? 0 : UINT64_C(1) << ((bit)&63) \
		} \
	}
#define NONE \
	{ \
		{ \
			0, 0 \
		} \
	}
#define W(x, ...) \
	{ \
		{ \
			UINT64_C(1) << (x)__VA_ARGS__, 0 \
		} \
	}
#define OR(x) | UINT64_C(1) << (x)

/*
 * Everything the driver knows about a feature bit, in one place: negotiation, addresses, `vio info`
 * and the documents read this table. Names and bits: VIRTIO 1.4, 5.1.3 "Feature bits" and 6
 * "Reserved Feature Bits"; prerequisites: 5.1.3.1. Offloads are ASK since a program that does not
 * look at headers must not be sent partial checksums, CTRL_VLAN since its filter begins empty: once
 * it is negotiated, tagged frames are dropped. The control queue is taken wherever it is offered,
 * with what is done through it: it costs a small ring and nothing on the data path. GUEST_ANNOUNCE
 * is of no use without STATUS, where the device asks for it.
 */
/* clang-format off */
static const struct feature {
	uint8_t bit;
	enum policy policy;
	const char *name;
	struct vio_features needs_all, needs_any;
} features[] = {
	{ NET_F_CSUM,                      ASK,   "csum",                      NONE, NONE },
	{ NET_F_GUEST_CSUM,                ASK,   "guest_csum",                NONE, NONE },
	{ NET_F_CTRL_GUEST_OFFLOADS,       NEVER, "ctrl_guest_offloads",       W(NET_F_CTRL_VQ), NONE },
	{ NET_F_MTU,                       TAKE,  "mtu",                       NONE, NONE },
	{ NET_F_MAC,                       TAKE,  "mac",                       NONE, NONE },
	{ NET_F_GUEST_TSO4,                ASK,   "guest_tso4",                W(NET_F_GUEST_CSUM), NONE },
	{ NET_F_GUEST_TSO6,                ASK,   "guest_tso6",                W(NET_F_GUEST_CSUM), NONE },
	{ NET_F_GUEST_ECN,                 ASK,   "guest_ecn",                 NONE, W(NET_F_GUEST_TSO4, OR(NET_F_GUEST_TSO6)) },
	{ NET_F_GUEST_UFO,                 ASK,   "guest_ufo",                 W(NET_F_GUEST_CSUM), NONE },
	{ NET_F_HOST_TSO4,                 ASK,   "host_tso4",                 W(NET_F_CSUM), NONE },
	{ NET_F_HOST_TSO6,                 ASK,   "host_tso6",                 W(NET_F_CSUM), NONE },
	{ NET_F_HOST_ECN,                  ASK,   "host_ecn",                  NONE, W(NET_F_HOST_TSO4, OR(NET_F_HOST_TSO6)) },
	{ NET_F_HOST_UFO,                  ASK,   "host_ufo",                  W(NET_F_CSUM), NONE },
	{ NET_F_MRG_RXBUF,                 ASK,   "mrg_rxbuf",                 NONE, NONE },
	{ NET_F_STATUS,                    TAKE,  "status",                    NONE, NONE },
	{ NET_F_CTRL_VQ,                   TAKE,  "ctrl_vq",                   NONE, NONE },
	{ NET_F_CTRL_RX,                   TAKE,  "ctrl_rx",                   W(NET_F_CTRL_VQ), NONE },
	{ NET_F_CTRL_VLAN,                 ASK,   "ctrl_vlan",                 W(NET_F_CTRL_VQ), NONE },
	{ NET_F_CTRL_RX_EXTRA,             TAKE,  "ctrl_rx_extra",             W(NET_F_CTRL_VQ), NONE },
	{ NET_F_GUEST_ANNOUNCE,            TAKE,  "guest_announce",            W(NET_F_CTRL_VQ, OR(NET_F_STATUS)), NONE },
	{ NET_F_MQ,                        ASK,   "mq",                        W(NET_F_CTRL_VQ), NONE },
	{ NET_F_CTRL_MAC_ADDR,             TAKE,  "ctrl_mac_addr",             W(NET_F_CTRL_VQ), NONE },
	{ F_NOTIFY_ON_EMPTY,               NEVER, "notify_on_empty",           NONE, NONE },
	{ F_ANY_LAYOUT,                    OLD,   "any_layout",                NONE, NONE },
	{ F_INDIRECT_DESC,                 TAKE,  "indirect_desc",             NONE, NONE },
	{ F_EVENT_IDX,                     TAKE,  "event_idx",                 NONE, NONE },
	{ F_VERSION_1,                     NEED,  "version_1",                 NONE, NONE },
	{ F_ACCESS_PLATFORM,               TAKE,  "access_platform",           NONE, NONE },
	{ F_RING_PACKED,                   TAKE,  "packed",                    W(F_VERSION_1), NONE },
	{ F_IN_ORDER,                      TAKE,  "in_order",                  NONE, NONE },
	{ F_ORDER_PLATFORM,                TAKE,  "order_platform",            NONE, NONE },
	{ F_SR_IOV,                        NEVER, "sr_iov",                    NONE, NONE },
	{ F_NOTIFICATION_DATA,             TAKE,  "notification_data",         NONE, NONE },
	{ F_NOTIF_CONFIG_DATA,             TAKE,  "notif_config_data",         NONE, NONE },
	{ F_RING_RESET,                    TAKE,  "ring_reset",                NONE, NONE },
	{ F_ADMIN_VQ,                      NEVER, "admin_vq",                  NONE, NONE },
	{ F_SUSPEND,                       NEVER, "suspend",                   NONE, NONE },
	{ NET_F_DEVICE_STATS,              NEVER, "device_stats",              W(NET_F_CTRL_VQ), NONE },
	{ NET_F_HASH_TUNNEL,               NEVER, "hash_tunnel",               W(NET_F_CTRL_VQ), W(NET_F_HASH_REPORT, OR(NET_F_RSS)) },
	{ NET_F_VQ_NOTF_COAL,              NEVER, "vq_notf_coal",              W(NET_F_CTRL_VQ), NONE },
	{ NET_F_NOTF_COAL,                 NEVER, "notf_coal",                 W(NET_F_CTRL_VQ), NONE },
	{ NET_F_GUEST_USO4,                ASK,   "guest_uso4",                W(NET_F_GUEST_CSUM), NONE },
	{ NET_F_GUEST_USO6,                ASK,   "guest_uso6",                W(NET_F_GUEST_CSUM), NONE },
	{ NET_F_HOST_USO,                  ASK,   "host_uso",                  W(NET_F_CSUM), NONE },
	{ NET_F_HASH_REPORT,               ASK,   "hash_report",               W(NET_F_CTRL_VQ), NONE },
	{ NET_F_GUEST_HDRLEN,              NEVER, "guest_hdrlen",              NONE, NONE },
	{ NET_F_RSS,                       NEVER, "rss",                       W(NET_F_CTRL_VQ), NONE },
	{ NET_F_RSC_EXT,                   NEVER, "rsc_ext",                   NONE, W(NET_F_HOST_TSO4, OR(NET_F_HOST_TSO6)) },
	{ NET_F_STANDBY,                   NEVER, "standby",                   W(NET_F_MAC), NONE },
	{ NET_F_SPEED_DUPLEX,              TAKE,  "speed_duplex",              NONE, NONE },
	{ NET_F_RSS_CONTEXT,               NEVER, "rss_context",               W(NET_F_CTRL_VQ, OR(NET_F_RSS)), NONE },
	{ NET_F_GUEST_UDP_TUNNEL_GSO,      NEVER, "guest_udp_tunnel_gso",      W(NET_F_GUEST_TSO4, OR(NET_F_GUEST_TSO6) OR(NET_F_GUEST_USO4) OR(NET_F_GUEST_USO6)), NONE },
	{ NET_F_GUEST_UDP_TUNNEL_GSO_CSUM, NEVER, "guest_udp_tunnel_gso_csum", B(NET_F_GUEST_UDP_TUNNEL_GSO), NONE },
	{ NET_F_HOST_UDP_TUNNEL_GSO,       ASK,   "host_udp_tunnel_gso",       W(NET_F_HOST_TSO4, OR(NET_F_HOST_TSO6) OR(NET_F_HOST_USO)), NONE },
	{ NET_F_HOST_UDP_TUNNEL_GSO_CSUM,  NEVER, "host_udp_tunnel_gso_csum",  B(NET_F_HOST_UDP_TUNNEL_GSO), NONE },
	{ NET_F_OUT_NET_HEADER,            ASK,   "out_net_header",            NONE, NONE },
	{ NET_F_IPSEC,                     NEVER, "ipsec",                     NONE, NONE },
};
/* clang-format on */

static bool subset(const struct vio_features *of, const struct vio_features *in)
{
	return !(of->word[0] & ~in->word[0]) && !(of->word[1] & ~in->word[1]);
}

static bool overlap(const struct vio_features *a, const struct vio_features *b)
{
	return a->word[0] & b->word[0] || a->word[1] & b->word[1];
}

static bool empty(const struct vio_features *f)
{
	return !f->word[0] && !f->word[1];
}

static const struct feature *feature_of(unsigned int bit)
{
	for (size_t i = 0; i < ARRAY_SIZE(features); i++)
		if (features[i].bit == bit)
			return &features[i];
	return NULL;
}

static bool prerequisites_met(const struct feature *f, const struct vio_features *set)
{
	return subset(&f->needs_all, set) && (empty(&f->needs_any) || overlap(&f->needs_any, set));
}

const char *vio_feature_name(unsigned int bit)
{
	const struct feature *f = feature_of(bit);

	return f ? f->name : NULL;
}

int vio_feature_bit(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(features); i++)
		if (!strcmp(features[i].name, name))
			return features[i].bit;
	return -ENOENT;
}

bool features_closed(const struct vio_features *set, unsigned int *lacking)
{
	for (size_t i = 0; i < ARRAY_SIZE(features); i++)
		if (features_have(set, features[i].bit) && !prerequisites_met(&features[i], set)) {
			*lacking = features[i].bit;
			return false;
		}
	return true;
}

static int parse_wish(const struct feature *f, const char *value, struct feature_wishes *wishes)
{
	if (!strcmp(value, "on") || !*value)
		features_add(&wishes->on, f->bit);
	else if (!strcmp(value, "off"))
		features_add(&wishes->off, f->bit);
	else if (strcmp(value, "auto"))
		return err_set(ERR_ADDR_VALUE, -EINVAL, "%s=%s: a feature is on, off or auto",
			       f->name, value);
	return 0;
}

int features_parse(struct address *addr, struct feature_wishes *wishes)
{
	for (size_t i = 0; i < ARRAY_SIZE(features); i++) {
		const char *value = address_take(addr, features[i].name);
		int rc = value ? parse_wish(&features[i], value, wishes) : 0;

		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Asking for a feature asks for what it needs. A chain is at most a few links long. */
static void wish_for_prerequisites(struct vio_features *on)
{
	for (int link = 0; link < 4; link++)
		for (size_t i = 0; i < ARRAY_SIZE(features); i++)
			if (features_have(on, features[i].bit)) {
				on->word[0] |= features[i].needs_all.word[0];
				on->word[1] |= features[i].needs_all.word[1];
			}
}

static bool wanted(const struct feature *f, const struct vio_features *on, bool legacy)
{
	return f->policy == NEED || f->policy == TAKE || (f->policy == OLD && legacy) ||
	       (f->policy == ASK && features_have(on, f->bit));
}

/* A wish that did not come true: say why. */
static int unfulfilled(const struct feature *f, const struct vio_features *offered,
		       const struct feature_wishes *wishes)
{
	int rc = err_set(ERR_FEATURE_MISSING, -ENOTSUP, "feature %s (bit %u) can't be negotiated",
			 f->name, f->bit);

	if (!features_have(offered, f->bit))
		err_why("the device does not offer it");
	else if (f->policy == NEVER)
		err_why("this driver does not use it");
	else if (features_have(&wishes->off, f->bit))
		err_why("it is switched off and on at once");
	else
		err_why("a feature that it needs is not offered or switched off");
	return rc;
}

int features_choose(const struct vio_features *offered, const struct feature_wishes *wishes,
		    struct vio_features *taken)
{
	struct vio_features on = wishes->on, set = { { 0, 0 } };
	unsigned int lacking;

	wish_for_prerequisites(&on);
	for (size_t i = 0; i < ARRAY_SIZE(features); i++) {
		const unsigned int bit = features[i].bit;

		if (wanted(&features[i], &on, wishes->legacy) && features_have(offered, bit) &&
		    !features_have(&wishes->off, bit))
			features_add(&set, bit);
	}
	while (!features_closed(&set, &lacking))
		features_drop(&set, lacking);
	if (!features_have(&set, F_VERSION_1) && !wishes->legacy)
		return err_set(ERR_FEATURE_MISSING, -ENOTSUP,
			       "the device does not offer version_1: it is a legacy one");
	for (size_t i = 0; i < ARRAY_SIZE(features); i++)
		if (features_have(&wishes->on, features[i].bit) &&
		    !features_have(&set, features[i].bit))
			return unfulfilled(&features[i], offered, wishes);
	*taken = set;
	return 0;
}
