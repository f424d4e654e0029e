-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
COPY public.users (id, email, full_name, role, manager_id, is_active, password_hash, created_at, updated_at, oidc_subject) FROM stdin;
01937537-a000-7000-8a25-da5ad31754e2	maria.schmidt@example.com	Maria Schmidt	MANAGER	\N	t	$argon2id$v=19$m=19456,t=2,p=1$HY30agJxAP3QlD3ulQezjw$93WoHzSo19KE69LrDRApUWeKZOtivDPOSVxDi0TtAKw	2024-11-29 00:00:00+00	2024-11-29 00:00:00+00	\N
01937537-a000-7000-aca8-c766a61ceaa8	james.carter@example.com	James Carter	MANAGER	\N	t	$argon2id$v=19$m=19456,t=2,p=1$HY30agJxAP3QlD3ulQezjw$93WoHzSo19KE69LrDRApUWeKZOtivDPOSVxDi0TtAKw	2024-11-29 00:00:00+00	2024-11-29 00:00:00+00	\N
01937537-a000-7000-9c65-f158a3020925	elena.rossi@example.com	Elena Rossi	MANAGER	\N	t	$argon2id$v=19$m=19456,t=2,p=1$HY30agJxAP3QlD3ulQezjw$93WoHzSo19KE69LrDRApUWeKZOtivDPOSVxDi0TtAKw	2024-11-29 00:00:00+00	2024-11-29 00:00:00+00	\N
01937537-a000-7000-89fb-a417a2d8d9ed	piotr.nowak@example.com	Piotr Nowak	AGENT	01937537-a000-7000-8a25-da5ad31754e2	t	$argon2id$v=19$m=19456,t=2,p=1$HY30agJxAP3QlD3ulQezjw$93WoHzSo19KE69LrDRApUWeKZOtivDPOSVxDi0TtAKw	2024-11-29 00:00:00+00	2024-11-29 00:00:00+00	\N
01937537-a000-7000-8f3f-03f94ec89a67	sofia.garcia@example.com	Sofia Garcia	AGENT	01937537-a000-7000-aca8-c766a61ceaa8	t	$argon2id$v=19$m=19456,t=2,p=1$HY30agJxAP3QlD3ulQezjw$93WoHzSo19KE69LrDRApUWeKZOtivDPOSVxDi0TtAKw	2024-11-29 00:00:00+00	2024-11-29 00:00:00+00	\N
01937537-a000-7000-aa1e-22b69d667e5a	lukas.weber@example.com	Lukas Weber	AGENT	01937537-a000-7000-9c65-f158a3020925	t	$argon2id$v=19$m=19456,t=2,p=1$HY30agJxAP3QlD3ulQezjw$93WoHzSo19KE69LrDRApUWeKZOtivDPOSVxDi0TtAKw	2024-11-29 00:00:00+00	2024-11-29 00:00:00+00	\N
01937537-a000-7000-9d00-a3f57027bcb1	amelie.dubois@example.com	Amelie Dubois	AGENT	01937537-a000-7000-8a25-da5ad31754e2	t	$argon2id$v=19$m=19456,t=2,p=1$HY30agJxAP3QlD3ulQezjw$93WoHzSo19KE69LrDRApUWeKZOtivDPOSVxDi0TtAKw	2024-11-29 00:00:00+00	2024-11-29 00:00:00+00	\N
01937537-a000-7000-b242-a9719dca480b	oliver.smith@example.com	Oliver Smith	AGENT	01937537-a000-7000-aca8-c766a61ceaa8	t	$argon2id$v=19$m=19456,t=2,p=1$HY30agJxAP3QlD3ulQezjw$93WoHzSo19KE69LrDRApUWeKZOtivDPOSVxDi0TtAKw	2024-11-29 00:00:00+00	2024-11-29 00:00:00+00	\N
01937537-a000-7000-90fa-60671f206808	chiara.conti@example.com	Chiara Conti	AGENT	01937537-a000-7000-9c65-f158a3020925	t	$argon2id$v=19$m=19456,t=2,p=1$HY30agJxAP3QlD3ulQezjw$93WoHzSo19KE69LrDRApUWeKZOtivDPOSVxDi0TtAKw	2024-11-29 00:00:00+00	2024-11-29 00:00:00+00	\N
01937537-a000-7000-872e-30fc8b969e08	jan.de.vries@example.com	Jan de Vries	AGENT	01937537-a000-7000-8a25-da5ad31754e2	t	$argon2id$v=19$m=19456,t=2,p=1$HY30agJxAP3QlD3ulQezjw$93WoHzSo19KE69LrDRApUWeKZOtivDPOSVxDi0TtAKw	2024-11-29 00:00:00+00	2024-11-29 00:00:00+00	\N
01937537-a000-7000-bb06-411080cf1bfc	zofia.wojcik@example.com	Zofia Wójcik	AGENT	01937537-a000-7000-aca8-c766a61ceaa8	t	$argon2id$v=19$m=19456,t=2,p=1$HY30agJxAP3QlD3ulQezjw$93WoHzSo19KE69LrDRApUWeKZOtivDPOSVxDi0TtAKw	2024-11-29 00:00:00+00	2024-11-29 00:00:00+00	\N
01937537-a000-7000-a9ee-e67af42228e0	emma.johnson@example.com	Emma Johnson	AGENT	01937537-a000-7000-9c65-f158a3020925	t	$argon2id$v=19$m=19456,t=2,p=1$HY30agJxAP3QlD3ulQezjw$93WoHzSo19KE69LrDRApUWeKZOtivDPOSVxDi0TtAKw	2024-11-29 00:00:00+00	2024-11-29 00:00:00+00	\N
01937537-a000-7000-a66b-743f69d68956	mateo.fernandez@example.com	Mateo Fernández	AGENT	01937537-a000-7000-8a25-da5ad31754e2	t	$argon2id$v=19$m=19456,t=2,p=1$HY30agJxAP3QlD3ulQezjw$93WoHzSo19KE69LrDRApUWeKZOtivDPOSVxDi0TtAKw	2024-11-29 00:00:00+00	2024-11-29 00:00:00+00	\N
01937537-a000-7000-bf46-c915833cf58b	hannah.mueller@example.com	Hannah Müller	AGENT	01937537-a000-7000-aca8-c766a61ceaa8	t	$argon2id$v=19$m=19456,t=2,p=1$HY30agJxAP3QlD3ulQezjw$93WoHzSo19KE69LrDRApUWeKZOtivDPOSVxDi0TtAKw	2024-11-29 00:00:00+00	2024-11-29 00:00:00+00	\N
01937537-a000-7000-89ac-0c8b50b869d7	tiago.silva@example.com	Tiago Silva	AGENT	01937537-a000-7000-9c65-f158a3020925	t	$argon2id$v=19$m=19456,t=2,p=1$HY30agJxAP3QlD3ulQezjw$93WoHzSo19KE69LrDRApUWeKZOtivDPOSVxDi0TtAKw	2024-11-29 00:00:00+00	2024-11-29 00:00:00+00	\N
01a224ab-7d7b-72c9-baf1-c4b4eb1d9b92	ada@example.com	First Administrator	ADMIN	\N	t	$argon2id$v=19$m=19456,t=2,p=1$HjBaJgCSt7lNkM4s5TKvrw$1oTjMb5NOOnW5buCwlkSU7enoEXsKfl8bEtNXhR6DkM	2026-11-29 00:19:08.283283+00	2026-11-29 00:19:08.283283+00	\N
\.

COPY public.api_keys (id, name, user_id, role, secret_hash, created_by, created_at, expires_at, last_used_at, revoked_at) FROM stdin;
01a224ab-e000-7000-8000-000000000001	Old key	01a224ab-7d7b-72c9-baf1-c4b4eb1d9b92	MANAGER	\\x0d0bf79e2526afdbc06d0d172dfb3a30f48ff594621a15808b37311f727aad5a	01a224ab-7d7b-72c9-baf1-c4b4eb1d9b92	2026-11-29 00:00:00+00	2099-11-29 00:00:00+00	\N	\N
\.

COPY public.free_email_domains (domain) FROM stdin;
126.com
163.com
abv.bg
aim.com
alice.it
aol.co.uk
aol.com
arcor.de
att.net
azet.sk
bellsouth.net
bigpond.com
bk.ru
bluewin.ch
blueyonder.co.uk
bol.com.br
btinternet.com
centrum.cz
charter.net
comcast.net
cox.net
daum.net
earthlink.net
email.com
email.cz
fastmail.com
foxmail.com
free.fr
freenet.de
gawab.com
gazeta.pl
gmail.com
gmx.at
gmx.ch
gmx.com
gmx.de
gmx.net
googlemail.com
hanmail.net
hey.com
hotmail.be
hotmail.co.uk
hotmail.com
hotmail.de
hotmail.es
hotmail.fr
hotmail.it
hotmail.nl
hushmail.com
i.ua
icloud.com
ig.com.br
inbox.com
inbox.ru
interia.pl
juno.com
kpnmail.nl
laposte.net
libero.it
list.ru
live.co.uk
live.com
live.de
live.fr
live.it
live.nl
lycos.com
mac.com
mail.com
mail.ru
mailbox.org
me.com
msn.com
naver.com
netzero.net
neuf.fr
ntlworld.com
o2.pl
onet.pl
op.pl
optusnet.com.au
orange.fr
outlook.com
outlook.de
outlook.es
outlook.fr
outlook.it
passport.com
planet.nl
pm.me
poczta.onet.pl
posteo.de
proton.me
protonmail.com
qq.com
rambler.ru
rediffmail.com
rocketmail.com
rogers.com
sapo.pt
sbcglobal.net
seznam.cz
sfr.fr
shaw.ca
sina.com
sky.com
skynet.be
sohu.com
sympatico.ca
t-online.de
talktalk.net
telenet.be
telia.com
terra.com.br
tin.it
tiscali.it
tuta.io
tutanota.com
ukr.net
uol.com.br
verizon.net
virgilio.it
virginmedia.com
wanadoo.fr
web.de
wp.pl
xs4all.nl
yahoo.ca
yahoo.co.in
yahoo.co.jp
yahoo.co.uk
yahoo.com
yahoo.com.ar
yahoo.com.au
yahoo.com.br
yahoo.com.mx
yahoo.de
yahoo.es
yahoo.fr
yahoo.in
yahoo.it
yandex.com
yandex.ru
yeah.net
ymail.com
ziggo.nl
zoho.com
zohomail.com
\.

COPY public.leads (id, first_name, last_name, email, phone, company, source, status, assigned_to, lead_score, score_is_manual, has_business_email, conversion_probability, last_contact_date, next_follow_up, call_attempts, tags, custom_fields, created_at, updated_at, version, archived_at, status_before_archive, last_name_key, company_key, email_key, search_text, tag_keys) FROM stdin;
01955ba2-734a-7b0e-aa7a-6f2a80541790	Zena	Bergstrom	zena.bergstrom95@icloud.com	+13124376286	Lubowitz Finance Inc.	WEBSITE	LOST	01937537-a000-7000-9d00-a3f57027bcb1	75	f	f	0.49	2026-03-04 13:33:00.980929+00	\N	0	{price-list,newsletter,archived}	{"erp": true, "employees": 5}	2025-03-03 10:52:07.882691+00	2026-03-06 16:54:55.729547+00	2	2026-03-06 16:54:55.729547+00	PROPOSAL	bergstrom	lubowitz finance inc.	zena.bergstrom95@icloud.com	zena bergstrom\nzena.bergstrom95@icloud.com\nlubowitz finance inc.\n13124376286	{price-list,newsletter,archived}
01961c36-82f1-7ad4-b29e-bb18043e7356	Giovanni	Ferri	giovanni.ferri@vitale.example	+393479311224	Vitale S.r.l.	REFERRAL	LOST	01937537-a000-7000-a66b-743f69d68956	90	f	t	0	2025-06-16 20:39:27.318397+00	\N	0	{}	{"budget": 11500, "region": "EMEA"}	2025-04-09 20:20:56.689677+00	2025-06-16 20:39:27.318397+00	2	\N	\N	ferri	vitale s.r.l.	giovanni.ferri@vitale.example	giovanni ferri\ngiovanni.ferri@vitale.example\nvitale s.r.l.\n393479311224	{}
01985bab-c867-7451-abc8-24cac47d1dd8	Nuria	Núñez	nuria.nunez72@gmail.com	+34684615506	\N	FACEBOOK	WON	\N	60	f	f	1	2025-07-30 15:03:49.014852+00	\N	0	{vip,webinar}	{}	2025-07-30 14:10:41.38327+00	2025-07-30 15:03:49.014852+00	1	\N	\N	nunez	\N	nuria.nunez72@gmail.com	nuria nunez\nnuria.nunez72@gmail.com\n\n34684615506	{vip,webinar}
0198c902-65a7-7e8f-a021-abe0ae306510	Yfke	Jansen	yfke.jansen91@kpnmail.nl	\N	\N	INSTAGRAM	WON	01937537-a000-7000-90fa-60671f206808	60	f	f	1	2026-09-14 22:50:47.196821+00	\N	0	{}	{}	2025-08-20 19:43:54.27991+00	2026-09-14 22:50:47.196821+00	1	\N	\N	jansen	\N	yfke.jansen91@kpnmail.nl	yfke jansen\nyfke.jansen91@kpnmail.nl\n\n	{}
019af29d-82f2-7f74-96b4-9df1a5da7a61	Barbara	Włodarczyk	b.wlodarczyk@zajac-education.example	+48600444932	Zając Education S.A.	INSTAGRAM	WON	01937537-a000-7000-bb06-411080cf1bfc	23	t	t	1	2026-02-28 14:12:35.202331+00	\N	2	{partner}	{"erp": true, "employees": 100}	2025-12-06 07:43:20.306966+00	2026-03-13 15:07:10.311152+00	2	\N	\N	wlodarczyk	zajac education s.a.	b.wlodarczyk@zajac-education.example	barbara wlodarczyk\nb.wlodarczyk@zajac-education.example\nzajac education s.a.\n48600444932	{partner}
019c046c-b9c7-72fd-852b-b629627d9652	Malu	Maldonado	malu.maldonado@cordeiro-design.example	+5511930022230	Cordeiro Design S.A.	FACEBOOK	NEGOTIATION	01937537-a000-7000-89fb-a417a2d8d9ed	80	f	t	0.79	2026-10-30 19:53:35.091668+00	2026-12-16 09:00:00+00	1	{smb}	{}	2026-01-28 11:46:00.263187+00	2026-10-30 19:53:35.091668+00	1	\N	\N	maldonado	cordeiro design s.a.	malu.maldonado@cordeiro-design.example	malu maldonado\nmalu.maldonado@cordeiro-design.example\ncordeiro design s.a.\n5511930022230	{smb}
019d4376-fe67-7a45-b375-3d0f54aaffc5	Ewa	Malinowski	ewa.malinowski@ostrowski.example	+48608477899	Ostrowski S.A.	WEBSITE	WON	01937537-a000-7000-b242-a9719dca480b	85	f	t	1	2026-11-13 11:37:43.834273+00	\N	1	{}	{"budget": 4000}	2026-03-31 10:36:05.095642+00	2026-11-13 11:37:43.834273+00	1	\N	\N	malinowski	ostrowski s.a.	ewa.malinowski@ostrowski.example	ewa malinowski\newa.malinowski@ostrowski.example\nostrowski s.a.\n48608477899	{}
019e07f1-d15e-72d0-b764-6145f8c1f109	Michelle	Reichert	michelle.reichert@mckenzie.example	+12129887257	McKenzie LLC	REFERRAL	LOST	01937537-a000-7000-a9ee-e67af42228e0	100	f	t	0	2026-08-18 03:23:40.668837+00	\N	2	{hot,smb}	{}	2026-05-08 14:15:48.830176+00	2026-08-18 03:23:40.668837+00	1	\N	\N	reichert	mckenzie llc	michelle.reichert@mckenzie.example	michelle reichert\nmichelle.reichert@mckenzie.example\nmckenzie llc\n12129887257	{hot,smb}
01a17ce8-06e9-7ef1-b31b-e4e8dc155c32	Samuele	Barbieri	s.barbieri@vitale.example	+393478212058	Vitale S.r.l.	FACEBOOK	CONTACTED	01937537-a000-7000-bf46-c915833cf58b	80	f	t	0.36	2026-11-18 04:23:29.922285+00	\N	2	{}	{"budget": 3500}	2026-10-27 10:29:03.337934+00	2026-11-18 04:23:29.922285+00	2	\N	\N	barbieri	vitale s.r.l.	s.barbieri@vitale.example	samuele barbieri\ns.barbieri@vitale.example\nvitale s.r.l.\n393478212058	{}
01a13594-f349-78fd-b33b-89989a3b23ef	Czesław	Włodarczyk	c.wlodarczyk@ostrowski.example	+48602611677	Žluťoučký & Söhne	FACEBOOK	QUALIFIED	01937537-a000-7000-a9ee-e67af42228e0	80	f	t	0.44	2026-11-07 10:01:24.746297+00	\N	0	{partner}	{"budget": 7500}	2026-10-13 14:05:16.489562+00	2026-11-29 00:19:17.110433+00	2	\N	\N	wlodarczyk	zlutoucky & sohne	c.wlodarczyk@ostrowski.example	czeslaw wlodarczyk\nc.wlodarczyk@ostrowski.example\nzlutoucky & sohne\n48602611677	{partner}
019f8022-335c-7b4b-863d-4966988fba7e	Karley	Crooks	k.crooks@lubowitz-finance.example	\N	Lubowitz Finance Inc.	FACEBOOK	LOST	01937537-a000-7000-9d00-a3f57027bcb1	80	f	t	0	2026-07-26 14:15:45.131575+00	\N	4	{archived}	{}	2026-07-20 15:25:52.860706+00	2026-11-29 00:19:17.130882+00	2	2026-11-29 00:19:17.130644+00	LOST	crooks	lubowitz finance inc.	k.crooks@lubowitz-finance.example	karley crooks\nk.crooks@lubowitz-finance.example\nlubowitz finance inc.\n	{archived}
019f4cd7-5c4d-781c-8366-d817a02cb2b1	Louison	Lecocq	louison.lecocq67@orange.fr	+33679554236	Viala Travel SARL	INSTAGRAM	LOST	01937537-a000-7000-a9ee-e67af42228e0	70	f	f	1	2026-09-24 09:27:07.97927+00	\N	4	{newsletter,trade-fair,archived}	{"erp": false, "employees": 45}	2026-07-10 16:23:30.125507+00	2026-11-29 00:19:32.871146+00	2	2026-11-29 00:19:32.870827+00	WON	lecocq	viala travel sarl	louison.lecocq67@orange.fr	louison lecocq\nlouison.lecocq67@orange.fr\nviala travel sarl\n33679554236	{newsletter,trade-fair,archived}
\.

COPY public.lead_notes (id, lead_id, author_id, note_type, content, changes, replaces_id, created_at, "position") FROM stdin;
01955ba2-734a-7b0e-a36b-81e75cacb0d6	01955ba2-734a-7b0e-aa7a-6f2a80541790	\N	CHANGE		[{"new": "01937537-a000-7000-9d00-a3f57027bcb1", "old": null, "field": "assignedTo"}, {"new": 0, "old": null, "field": "callAttempts"}, {"new": "Lubowitz Finance Inc.", "old": null, "field": "company"}, {"new": 0.49, "old": null, "field": "conversionProbability"}, {"new": "2025-03-03T10:52:07.882691Z", "old": null, "field": "createdAt"}, {"new": {"erp": true, "employees": 5}, "old": null, "field": "customFields"}, {"new": "zena.bergstrom95@icloud.com", "old": null, "field": "email"}, {"new": "Zena", "old": null, "field": "firstName"}, {"new": false, "old": null, "field": "hasBusinessEmail"}, {"new": "2026-03-04T13:33:00.980929Z", "old": null, "field": "lastContactDate"}, {"new": "Bergstrom", "old": null, "field": "lastName"}, {"new": 75, "old": null, "field": "leadScore"}, {"new": "+13124376286", "old": null, "field": "phone"}, {"new": false, "old": null, "field": "scoreIsManual"}, {"new": "WEBSITE", "old": null, "field": "source"}, {"new": "PROPOSAL", "old": null, "field": "status"}, {"new": ["price-list", "newsletter"], "old": null, "field": "tags"}]	\N	2025-03-03 10:52:07.882691+00	1
019cc412-d9f1-78c0-8428-bd0e69aac6bd	01955ba2-734a-7b0e-aa7a-6f2a80541790	01937537-a000-7000-9d00-a3f57027bcb1	CHANGE		[{"new": "2026-03-06T16:54:55.729547Z", "old": null, "field": "archivedAt"}, {"new": "LOST", "old": "PROPOSAL", "field": "status"}, {"new": "PROPOSAL", "old": null, "field": "statusBeforeArchive"}, {"new": ["price-list", "newsletter", "archived"], "old": ["price-list", "newsletter"], "field": "tags"}]	\N	2026-03-06 16:54:55.729547+00	2
01961c36-82f1-7ad4-988d-0f168a16459a	01961c36-82f1-7ad4-b29e-bb18043e7356	\N	CHANGE		[{"new": "01937537-a000-7000-a66b-743f69d68956", "old": null, "field": "assignedTo"}, {"new": 0, "old": null, "field": "callAttempts"}, {"new": "Vitale S.r.l.", "old": null, "field": "company"}, {"new": 0.1, "old": null, "field": "conversionProbability"}, {"new": "2025-04-09T20:20:56.689677Z", "old": null, "field": "createdAt"}, {"new": {"budget": 11500, "region": "EMEA"}, "old": null, "field": "customFields"}, {"new": "giovanni.ferri@vitale.example", "old": null, "field": "email"}, {"new": "Giovanni", "old": null, "field": "firstName"}, {"new": true, "old": null, "field": "hasBusinessEmail"}, {"new": "Ferri", "old": null, "field": "lastName"}, {"new": 90, "old": null, "field": "leadScore"}, {"new": "+393479311224", "old": null, "field": "phone"}, {"new": false, "old": null, "field": "scoreIsManual"}, {"new": "REFERRAL", "old": null, "field": "source"}, {"new": "NEW", "old": null, "field": "status"}, {"new": [], "old": null, "field": "tags"}]	\N	2025-04-09 20:20:56.689677+00	3
01977a77-e556-765a-8b93-d5af55299f50	01961c36-82f1-7ad4-b29e-bb18043e7356	01937537-a000-7000-a66b-743f69d68956	CHANGE		[{"new": 0.0, "old": 0.1, "field": "conversionProbability"}, {"new": "2025-06-16T20:39:27.318397Z", "old": null, "field": "lastContactDate"}, {"new": "LOST", "old": "NEW", "field": "status"}]	\N	2025-06-16 20:39:27.318397+00	4
01985bab-c867-7451-a9cc-481589bd7b7f	01985bab-c867-7451-abc8-24cac47d1dd8	\N	CHANGE		[{"new": 0, "old": null, "field": "callAttempts"}, {"new": 1.0, "old": null, "field": "conversionProbability"}, {"new": "2025-07-30T14:10:41.383270Z", "old": null, "field": "createdAt"}, {"new": {}, "old": null, "field": "customFields"}, {"new": "nuria.nunez72@gmail.com", "old": null, "field": "email"}, {"new": "Nuria", "old": null, "field": "firstName"}, {"new": false, "old": null, "field": "hasBusinessEmail"}, {"new": "2025-07-30T15:03:49.014852Z", "old": null, "field": "lastContactDate"}, {"new": "Núñez", "old": null, "field": "lastName"}, {"new": 60, "old": null, "field": "leadScore"}, {"new": "+34684615506", "old": null, "field": "phone"}, {"new": false, "old": null, "field": "scoreIsManual"}, {"new": "FACEBOOK", "old": null, "field": "source"}, {"new": "WON", "old": null, "field": "status"}, {"new": ["vip", "webinar"], "old": null, "field": "tags"}]	\N	2025-07-30 14:10:41.38327+00	5
0198c902-65a7-7e8f-9ad5-5909406cc955	0198c902-65a7-7e8f-a021-abe0ae306510	\N	CHANGE		[{"new": "01937537-a000-7000-90fa-60671f206808", "old": null, "field": "assignedTo"}, {"new": 0, "old": null, "field": "callAttempts"}, {"new": 1.0, "old": null, "field": "conversionProbability"}, {"new": "2025-08-20T19:43:54.279910Z", "old": null, "field": "createdAt"}, {"new": {}, "old": null, "field": "customFields"}, {"new": "yfke.jansen91@kpnmail.nl", "old": null, "field": "email"}, {"new": "Yfke", "old": null, "field": "firstName"}, {"new": false, "old": null, "field": "hasBusinessEmail"}, {"new": "2026-09-14T22:50:47.196821Z", "old": null, "field": "lastContactDate"}, {"new": "Jansen", "old": null, "field": "lastName"}, {"new": 60, "old": null, "field": "leadScore"}, {"new": false, "old": null, "field": "scoreIsManual"}, {"new": "INSTAGRAM", "old": null, "field": "source"}, {"new": "WON", "old": null, "field": "status"}, {"new": [], "old": null, "field": "tags"}]	\N	2025-08-20 19:43:54.27991+00	6
019af29d-82f2-7f74-917a-37bd47778606	019af29d-82f2-7f74-96b4-9df1a5da7a61	\N	CHANGE		[{"new": "01937537-a000-7000-bb06-411080cf1bfc", "old": null, "field": "assignedTo"}, {"new": 2, "old": null, "field": "callAttempts"}, {"new": "Zając Education S.A.", "old": null, "field": "company"}, {"new": 1.0, "old": null, "field": "conversionProbability"}, {"new": "2025-12-06T07:43:20.306966Z", "old": null, "field": "createdAt"}, {"new": {"erp": true, "employees": 100}, "old": null, "field": "customFields"}, {"new": "b.wlodarczyk@zajac-education.example", "old": null, "field": "email"}, {"new": "Barbara", "old": null, "field": "firstName"}, {"new": true, "old": null, "field": "hasBusinessEmail"}, {"new": "2026-02-28T14:12:35.202331Z", "old": null, "field": "lastContactDate"}, {"new": "Włodarczyk", "old": null, "field": "lastName"}, {"new": 80, "old": null, "field": "leadScore"}, {"new": "+48600444932", "old": null, "field": "phone"}, {"new": false, "old": null, "field": "scoreIsManual"}, {"new": "INSTAGRAM", "old": null, "field": "source"}, {"new": "WON", "old": null, "field": "status"}, {"new": ["partner"], "old": null, "field": "tags"}]	\N	2025-12-06 07:43:20.306966+00	7
019ce7bc-b667-726e-a59a-688e8974a2e5	019af29d-82f2-7f74-96b4-9df1a5da7a61	01937537-a000-7000-bb06-411080cf1bfc	CHANGE		[{"new": 23, "old": 80, "field": "leadScore"}, {"new": true, "old": false, "field": "scoreIsManual"}]	\N	2026-03-13 15:07:10.311152+00	8
01a224ab-9ffb-727c-a52c-80e18a04a84c	01a13594-f349-78fd-b33b-89989a3b23ef	01a224ab-7d7b-72c9-baf1-c4b4eb1d9b92	CHANGE		[{"new": "Žluťoučký & Söhne", "old": "Ostrowski S.A.", "field": "company"}]	\N	2026-11-29 00:19:17.110433+00	19
01a224ab-a00c-76a7-bc3c-870f6b772b6f	019f8022-335c-7b4b-863d-4966988fba7e	01a224ab-7d7b-72c9-baf1-c4b4eb1d9b92	CHANGE		[{"new": "2026-11-29T00:19:17.130644Z", "old": null, "field": "archivedAt"}, {"new": "LOST", "old": null, "field": "statusBeforeArchive"}, {"new": ["archived"], "old": [], "field": "tags"}]	\N	2026-11-29 00:19:17.130882+00	20
019c046c-b9c7-72fd-a61c-4cf8f62411ed	019c046c-b9c7-72fd-852b-b629627d9652	\N	CHANGE		[{"new": "01937537-a000-7000-89fb-a417a2d8d9ed", "old": null, "field": "assignedTo"}, {"new": 1, "old": null, "field": "callAttempts"}, {"new": "Cordeiro Design S.A.", "old": null, "field": "company"}, {"new": 0.79, "old": null, "field": "conversionProbability"}, {"new": "2026-01-28T11:46:00.263187Z", "old": null, "field": "createdAt"}, {"new": {}, "old": null, "field": "customFields"}, {"new": "malu.maldonado@cordeiro-design.example", "old": null, "field": "email"}, {"new": "Malu", "old": null, "field": "firstName"}, {"new": true, "old": null, "field": "hasBusinessEmail"}, {"new": "2026-10-30T19:53:35.091668Z", "old": null, "field": "lastContactDate"}, {"new": "Maldonado", "old": null, "field": "lastName"}, {"new": 80, "old": null, "field": "leadScore"}, {"new": "2026-12-16T09:00:00Z", "old": null, "field": "nextFollowUp"}, {"new": "+5511930022230", "old": null, "field": "phone"}, {"new": false, "old": null, "field": "scoreIsManual"}, {"new": "FACEBOOK", "old": null, "field": "source"}, {"new": "NEGOTIATION", "old": null, "field": "status"}, {"new": ["smb"], "old": null, "field": "tags"}]	\N	2026-01-28 11:46:00.263187+00	9
019d4376-fe67-7a45-8527-8ef27506662f	019d4376-fe67-7a45-b375-3d0f54aaffc5	\N	CHANGE		[{"new": "01937537-a000-7000-b242-a9719dca480b", "old": null, "field": "assignedTo"}, {"new": 1, "old": null, "field": "callAttempts"}, {"new": "Ostrowski S.A.", "old": null, "field": "company"}, {"new": 1.0, "old": null, "field": "conversionProbability"}, {"new": "2026-03-31T10:36:05.095642Z", "old": null, "field": "createdAt"}, {"new": {"budget": 4000}, "old": null, "field": "customFields"}, {"new": "ewa.malinowski@ostrowski.example", "old": null, "field": "email"}, {"new": "Ewa", "old": null, "field": "firstName"}, {"new": true, "old": null, "field": "hasBusinessEmail"}, {"new": "2026-11-13T11:37:43.834273Z", "old": null, "field": "lastContactDate"}, {"new": "Malinowski", "old": null, "field": "lastName"}, {"new": 85, "old": null, "field": "leadScore"}, {"new": "+48608477899", "old": null, "field": "phone"}, {"new": false, "old": null, "field": "scoreIsManual"}, {"new": "WEBSITE", "old": null, "field": "source"}, {"new": "WON", "old": null, "field": "status"}, {"new": [], "old": null, "field": "tags"}]	\N	2026-03-31 10:36:05.095642+00	10
019e07f1-d15e-72d0-a155-f4146f10a555	019e07f1-d15e-72d0-b764-6145f8c1f109	\N	CHANGE		[{"new": "01937537-a000-7000-a9ee-e67af42228e0", "old": null, "field": "assignedTo"}, {"new": 2, "old": null, "field": "callAttempts"}, {"new": "McKenzie LLC", "old": null, "field": "company"}, {"new": 0.0, "old": null, "field": "conversionProbability"}, {"new": "2026-05-08T14:15:48.830176Z", "old": null, "field": "createdAt"}, {"new": {}, "old": null, "field": "customFields"}, {"new": "michelle.reichert@mckenzie.example", "old": null, "field": "email"}, {"new": "Michelle", "old": null, "field": "firstName"}, {"new": true, "old": null, "field": "hasBusinessEmail"}, {"new": "2026-08-18T03:23:40.668837Z", "old": null, "field": "lastContactDate"}, {"new": "Reichert", "old": null, "field": "lastName"}, {"new": 100, "old": null, "field": "leadScore"}, {"new": "+12129887257", "old": null, "field": "phone"}, {"new": false, "old": null, "field": "scoreIsManual"}, {"new": "REFERRAL", "old": null, "field": "source"}, {"new": "LOST", "old": null, "field": "status"}, {"new": ["hot", "smb"], "old": null, "field": "tags"}]	\N	2026-05-08 14:15:48.830176+00	11
019f4cd7-5c4d-781c-acda-f81fd37a1ab1	019f4cd7-5c4d-781c-8366-d817a02cb2b1	\N	CHANGE		[{"new": "01937537-a000-7000-a9ee-e67af42228e0", "old": null, "field": "assignedTo"}, {"new": 4, "old": null, "field": "callAttempts"}, {"new": "Viala Travel SARL", "old": null, "field": "company"}, {"new": 1.0, "old": null, "field": "conversionProbability"}, {"new": "2026-07-10T16:23:30.125507Z", "old": null, "field": "createdAt"}, {"new": {"erp": false, "employees": 45}, "old": null, "field": "customFields"}, {"new": "louison.lecocq67@orange.fr", "old": null, "field": "email"}, {"new": "Louison", "old": null, "field": "firstName"}, {"new": false, "old": null, "field": "hasBusinessEmail"}, {"new": "2026-09-24T09:27:07.979270Z", "old": null, "field": "lastContactDate"}, {"new": "Lecocq", "old": null, "field": "lastName"}, {"new": 70, "old": null, "field": "leadScore"}, {"new": "+33679554236", "old": null, "field": "phone"}, {"new": false, "old": null, "field": "scoreIsManual"}, {"new": "INSTAGRAM", "old": null, "field": "source"}, {"new": "WON", "old": null, "field": "status"}, {"new": ["newsletter", "trade-fair"], "old": null, "field": "tags"}]	\N	2026-07-10 16:23:30.125507+00	12
019f8022-335c-7b4b-95aa-ed019e1d312b	019f8022-335c-7b4b-863d-4966988fba7e	\N	CHANGE		[{"new": "01937537-a000-7000-9d00-a3f57027bcb1", "old": null, "field": "assignedTo"}, {"new": 4, "old": null, "field": "callAttempts"}, {"new": "Lubowitz Finance Inc.", "old": null, "field": "company"}, {"new": 0.0, "old": null, "field": "conversionProbability"}, {"new": "2026-07-20T15:25:52.860706Z", "old": null, "field": "createdAt"}, {"new": {}, "old": null, "field": "customFields"}, {"new": "k.crooks@lubowitz-finance.example", "old": null, "field": "email"}, {"new": "Karley", "old": null, "field": "firstName"}, {"new": true, "old": null, "field": "hasBusinessEmail"}, {"new": "2026-07-26T14:15:45.131575Z", "old": null, "field": "lastContactDate"}, {"new": "Crooks", "old": null, "field": "lastName"}, {"new": 80, "old": null, "field": "leadScore"}, {"new": false, "old": null, "field": "scoreIsManual"}, {"new": "FACEBOOK", "old": null, "field": "source"}, {"new": "LOST", "old": null, "field": "status"}, {"new": [], "old": null, "field": "tags"}]	\N	2026-07-20 15:25:52.860706+00	13
019f9383-f79e-71e3-ab14-6cc0fb47a611	019f8022-335c-7b4b-863d-4966988fba7e	01937537-a000-7000-9d00-a3f57027bcb1	CALL	Worried about the migration. Very friendly.	[]	\N	2026-07-24 09:45:27.198118+00	14
019f94c4-e134-76ac-b5ca-45dee7b8e00b	019f8022-335c-7b4b-863d-4966988fba7e	01937537-a000-7000-9d00-a3f57027bcb1	CALL	Not in charge, gave me the right name. Very friendly.	[]	\N	2026-07-24 15:35:58.516417+00	15
01a13594-f349-78fd-94d9-1aeab5421e2d	01a13594-f349-78fd-b33b-89989a3b23ef	\N	CHANGE		[{"new": "01937537-a000-7000-a9ee-e67af42228e0", "old": null, "field": "assignedTo"}, {"new": 0, "old": null, "field": "callAttempts"}, {"new": "Ostrowski S.A.", "old": null, "field": "company"}, {"new": 0.44, "old": null, "field": "conversionProbability"}, {"new": "2026-10-13T14:05:16.489562Z", "old": null, "field": "createdAt"}, {"new": {"budget": 7500}, "old": null, "field": "customFields"}, {"new": "c.wlodarczyk@ostrowski.example", "old": null, "field": "email"}, {"new": "Czesław", "old": null, "field": "firstName"}, {"new": true, "old": null, "field": "hasBusinessEmail"}, {"new": "2026-11-07T10:01:24.746297Z", "old": null, "field": "lastContactDate"}, {"new": "Włodarczyk", "old": null, "field": "lastName"}, {"new": 80, "old": null, "field": "leadScore"}, {"new": "+48602611677", "old": null, "field": "phone"}, {"new": false, "old": null, "field": "scoreIsManual"}, {"new": "FACEBOOK", "old": null, "field": "source"}, {"new": "QUALIFIED", "old": null, "field": "status"}, {"new": ["partner"], "old": null, "field": "tags"}]	\N	2026-10-13 14:05:16.489562+00	16
01a224ab-dd37-7293-b374-33ce0175c4cf	01a17ce8-06e9-7ef1-b31b-e4e8dc155c32	01a224ab-7d7b-72c9-baf1-c4b4eb1d9b92	NOTE	First words	[]	\N	2026-11-29 00:19:32.791423+00	21
01a17ce8-06e9-7ef1-be55-0db220ee5a5b	01a17ce8-06e9-7ef1-b31b-e4e8dc155c32	\N	CHANGE		[{"new": "01937537-a000-7000-bf46-c915833cf58b", "old": null, "field": "assignedTo"}, {"new": 0, "old": null, "field": "callAttempts"}, {"new": "Vitale S.r.l.", "old": null, "field": "company"}, {"new": 0.1, "old": null, "field": "conversionProbability"}, {"new": "2026-10-27T10:29:03.337934Z", "old": null, "field": "createdAt"}, {"new": {"budget": 3500}, "old": null, "field": "customFields"}, {"new": "s.barbieri@vitale.example", "old": null, "field": "email"}, {"new": "Samuele", "old": null, "field": "firstName"}, {"new": true, "old": null, "field": "hasBusinessEmail"}, {"new": "Barbieri", "old": null, "field": "lastName"}, {"new": 80, "old": null, "field": "leadScore"}, {"new": "+393478212058", "old": null, "field": "phone"}, {"new": false, "old": null, "field": "scoreIsManual"}, {"new": "FACEBOOK", "old": null, "field": "source"}, {"new": "NEW", "old": null, "field": "status"}, {"new": [], "old": null, "field": "tags"}]	\N	2026-10-27 10:29:03.337934+00	17
01a1ece5-4182-748f-9741-24a3f1095b82	01a17ce8-06e9-7ef1-b31b-e4e8dc155c32	01937537-a000-7000-bf46-c915833cf58b	CHANGE		[{"new": 2, "old": 0, "field": "callAttempts"}, {"new": 0.36, "old": 0.1, "field": "conversionProbability"}, {"new": "2026-11-18T04:23:29.922285Z", "old": null, "field": "lastContactDate"}, {"new": "CONTACTED", "old": "NEW", "field": "status"}]	\N	2026-11-18 04:23:29.922285+00	18
01a224ab-ddc9-7409-a867-93d05028f653	019f4cd7-5c4d-781c-8366-d817a02cb2b1	01a224ab-7d7b-72c9-baf1-c4b4eb1d9b92	CHANGE		[{"new": "2026-11-29T00:19:32.870827Z", "old": null, "field": "archivedAt"}, {"new": "LOST", "old": "WON", "field": "status"}, {"new": "WON", "old": null, "field": "statusBeforeArchive"}, {"new": ["newsletter", "trade-fair", "archived"], "old": ["newsletter", "trade-fair"], "field": "tags"}]	\N	2026-11-29 00:19:32.871146+00	22
01a224ab-de7a-77f7-b231-356d7293bb7e	01a17ce8-06e9-7ef1-b31b-e4e8dc155c32	01a224ab-7d7b-72c9-baf1-c4b4eb1d9b92	NOTE	Second words	[]	01a224ab-dd37-7293-b374-33ce0175c4cf	2026-11-29 00:19:33.114277+00	23
\.

COPY public.lead_statistics_deltas (agent, created_at, next_follow_up, status, source, lead_score, change) FROM stdin;
01937537-a000-7000-a9ee-e67af42228e0	2026-07-10 16:23:30.125507+00	\N	WON	INSTAGRAM	70	-1
\.

