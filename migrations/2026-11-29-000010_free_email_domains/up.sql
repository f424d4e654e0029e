-- Mail providers that anybody can have an address with: an address there says nothing about a
-- business. Administrators edit the table through the API.
CREATE TABLE free_email_domains (
    domain text COLLATE "C" PRIMARY KEY CHECK (btrim(domain) <> '')
);

INSERT INTO free_email_domains (domain) VALUES
    ('126.com'), ('163.com'), ('abv.bg'), ('aim.com'), ('alice.it'), ('aol.co.uk'), ('aol.com'),
    ('arcor.de'), ('att.net'), ('azet.sk'), ('bellsouth.net'), ('bigpond.com'), ('bk.ru'),
    ('bluewin.ch'), ('blueyonder.co.uk'), ('bol.com.br'), ('btinternet.com'), ('centrum.cz'),
    ('charter.net'), ('comcast.net'), ('cox.net'), ('daum.net'), ('earthlink.net'), ('email.com'),
    ('email.cz'), ('fastmail.com'), ('foxmail.com'), ('free.fr'), ('freenet.de'), ('gawab.com'),
    ('gazeta.pl'), ('gmail.com'), ('gmx.at'), ('gmx.ch'), ('gmx.com'), ('gmx.de'), ('gmx.net'),
    ('googlemail.com'), ('hanmail.net'), ('hey.com'), ('hotmail.be'), ('hotmail.co.uk'),
    ('hotmail.com'), ('hotmail.de'), ('hotmail.es'), ('hotmail.fr'), ('hotmail.it'), ('hotmail.nl'),
    ('hushmail.com'), ('i.ua'), ('icloud.com'), ('ig.com.br'), ('inbox.com'), ('inbox.ru'),
    ('interia.pl'), ('juno.com'), ('kpnmail.nl'), ('laposte.net'), ('libero.it'), ('list.ru'),
    ('live.co.uk'), ('live.com'), ('live.de'), ('live.fr'), ('live.it'), ('live.nl'), ('lycos.com'),
    ('mac.com'), ('mail.com'), ('mail.ru'), ('mailbox.org'), ('me.com'), ('msn.com'), ('naver.com'),
    ('netzero.net'), ('neuf.fr'), ('ntlworld.com'), ('o2.pl'), ('onet.pl'), ('op.pl'),
    ('optusnet.com.au'), ('orange.fr'), ('outlook.com'), ('outlook.de'), ('outlook.es'),
    ('outlook.fr'), ('outlook.it'), ('passport.com'), ('planet.nl'), ('pm.me'), ('poczta.onet.pl'),
    ('posteo.de'), ('proton.me'), ('protonmail.com'), ('qq.com'), ('rambler.ru'),
    ('rediffmail.com'), ('rocketmail.com'), ('rogers.com'), ('sapo.pt'), ('sbcglobal.net'),
    ('seznam.cz'), ('sfr.fr'), ('shaw.ca'), ('sina.com'), ('sky.com'), ('skynet.be'), ('sohu.com'),
    ('sympatico.ca'), ('t-online.de'), ('talktalk.net'), ('telenet.be'), ('telia.com'),
    ('terra.com.br'), ('tin.it'), ('tiscali.it'), ('tuta.io'), ('tutanota.com'), ('ukr.net'),
    ('uol.com.br'), ('verizon.net'), ('virgilio.it'), ('virginmedia.com'), ('wanadoo.fr'),
    ('web.de'), ('wp.pl'), ('xs4all.nl'), ('yahoo.ca'), ('yahoo.co.in'), ('yahoo.co.jp'),
    ('yahoo.co.uk'), ('yahoo.com'), ('yahoo.com.ar'), ('yahoo.com.au'), ('yahoo.com.br'),
    ('yahoo.com.mx'), ('yahoo.de'), ('yahoo.es'), ('yahoo.fr'), ('yahoo.in'), ('yahoo.it'),
    ('yandex.com'), ('yandex.ru'), ('yeah.net'), ('ymail.com'), ('ziggo.nl'), ('zoho.com'),
    ('zohomail.com');
