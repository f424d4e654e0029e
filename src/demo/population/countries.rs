use super::country::Country;

/// The countries of the demo's customers. Names are spelled as at home.
pub(in crate::demo) static COUNTRIES: [Country; 10] = [
    Country {
        code: "DE",
        share: 18.0,
        first: "Andrea, Andreas, Anja, Annette, Bärbel, Bernd, Birgit, Björn, Christian, Claudia, \
            Dieter, Elke, Felix, Florian, Franziska, Günter, Hannah, Heike, Jan, Johanna, Jonas, \
            Jörg, Julia, Jürgen, Käthe, Katrin, Klaus, Lena, Lukas, Maren, Markus, Martin, \
            Matthias, Monika, Nils, Petra, Rainer, Sabine, Sebastian, Silke, Sören, Stefan, \
            Susanne, Thomas, Ulrike, Uwe, Wiebke, Wolfgang",
        last: "Albrecht, Bauer, Baumann, Becker, Berger, Bergmann, Böhm, Brandt, Braun, Fischer, \
            Franke, Fuchs, Götz, Groß, Günther, Hartmann, Hoffmann, Huber, Jäger, Kaiser, Keller, \
            Klein, Koch, Köhler, König, Krämer, Krause, Krüger, Kühn, Lehmann, Lorenz, Maier, \
            Meyer, Möller, Müller, Neumann, Pfeiffer, Richter, Roth, Sauer, Schäfer, Schmidt, \
            Schneider, Scholz, Schröder, Schubert, Schulze, Schumacher, Schuster, Seidel, Sommer, \
            Stein, Vogel, Voigt, Wagner, Weber, Weiß, Winkler, Ziegler, Zimmermann",
        trades: "* Bau, * Beratung, * Elektrotechnik, * Haustechnik, * Logistik, * Maschinenbau, \
            * Metallbau, * Software, * Verpackungen, Autohaus *, Druckerei *, Möbelhaus *",
        towns: "Berlin, Bremen, Dresden, Erfurt, Hamburg, Kassel, Köln, Leipzig, München, \
            Nürnberg, Stuttgart",
        legal: "GmbH, AG, KG, GmbH & Co. KG",
        phones: "+49151########, +49176########",
        mail: "gmail.com, gmx.de, web.de, t-online.de, outlook.de",
    },
    Country {
        code: "PL",
        share: 18.0,
        // The names of women end in "a", and no others do.
        first: "Adam, Agnieszka, Aleksandra, Andrzej, Anna, Barbara, Bartłomiej, Bogusława, \
            Czesław, Dorota, Elżbieta, Ewa, Filip, Grażyna, Grzegorz, Jakub, Jan, Joanna, Józef, \
            Karolina, Katarzyna, Krzysztof, Łucja, Łukasz, Maciej, Magdalena, Małgorzata, Marek, \
            Michał, Monika, Natalia, Paweł, Piotr, Rafał, Sławomir, Stanisław, Tomasz, Urszula, \
            Wojciech, Zbigniew, Zofia, Żaneta",
        last: "Adamczyk, Baran, Bąk, Borowski, Chmiel, Czarnecki, Dudek, Gajewski, \
            Głowacki, Gołąb, Górski, Jabłoński, Jakubowski, Jaworski, Kaczmarek, Kołodziej, \
            Kowalczyk, Kozłowski, Krawczyk, Król, Kubiak, Lis, Majewski, Malinowski, Mazur, \
            Michalak, Mróz, Nowak, Nowakowski, Olszewski, Ostrowski, Pawłowski, Piątek, Pietrzak, \
            Rutkowski, Sikora, Sobczak, Stępień, Szewczyk, Szymczak, Tomaszewski, Urban, Walczak, \
            Wieczorek, Wilk, Witkowski, Włodarczyk, Wojciechowski, Woźniak, Wójcik, Wróbel, \
            Wrona, Zając, Zalewski, Zieliński, Ziółkowski, Żak, Żurek",
        trades: "* Budownictwo, * Elektronika, * Instalacje, * Logistyka, * Meble, * Okna, \
            * Opakowania, Biuro Rachunkowe *, Drukarnia *, Hurtownia *, Piekarnia *, Stolarnia *",
        towns: "Białystok, Gdańsk, Katowice, Kraków, Lublin, Łódź, Poznań, Rzeszów, Szczecin, \
            Toruń, Wrocław",
        legal: "Sp. z o.o., S.A., Sp. j.",
        phones: "+4860#######, +4850#######, +4879#######",
        mail: "gmail.com, wp.pl, onet.pl, interia.pl, o2.pl",
    },
    Country {
        code: "US",
        share: 16.0,
        towns: "Austin, Boston, Chicago, Dallas, Denver, Houston, Memphis, Oakland, Phoenix, \
            Portland, Seattle",
        legal: "Inc., LLC, Corp.",
        phones: "+1212N######, +1415N######, +1312N######, +1206N######",
        mail: "gmail.com, yahoo.com, outlook.com, icloud.com, aol.com",
        ..ENGLISH
    },
    Country {
        code: "GB",
        share: 12.0,
        towns: "Bath, Belfast, Bristol, Cardiff, Derby, Glasgow, Leeds, London, Norwich, Oxford, \
            York",
        legal: "Ltd, plc, LLP",
        phones: "+4473########, +4474########",
        mail: "gmail.com, hotmail.co.uk, btinternet.com, yahoo.co.uk",
        ..ENGLISH
    },
    Country {
        code: "FR",
        share: 10.0,
        first: "Adèle, Agnès, Amélie, Anaïs, André, Antoine, Aurélie, Benoît, Camille, Cécile, \
            Céline, Chloé, Clément, Cédric, Élise, Élodie, Émile, Étienne, Fabien, François, \
            Françoise, Frédéric, Geneviève, Gaëlle, Hélène, Hugo, Jérôme, Julien, Laurent, Léa, \
            Loïc, Louise, Maëlys, Marion, Mathieu, Maxime, Nathalie, Noémie, Océane, Pauline, \
            Pierre, Rémi, Sébastien, Solène, Sylvie, Théo, Valérie, Zoé",
        last: "Aubert, Barbier, Béranger, Bertrand, Besnard, Blanchard, Bonnet, Boucher, Bouvier, \
            Brunet, Carpentier, Chevalier, Clément, Colin, Delattre, Dubois, Dumont, Dupuis, \
            Durand, Évrard, Fabre, Faure, Fontaine, Fournier, Gaillard, Garnier, Gauthier, \
            Gérard, Girard, Guérin, Hervé, Lacroix, Lambert, Lefèvre, Legrand, Lemaître, Lemoine, \
            Leroy, Marchand, Ménard, Mercier, Moreau, Moulin, Noël, Perrin, Picard, Poirier, \
            Prévost, Renard, Rivière, Rousseau, Roussel, Tessier, Vasseur, Verdier, Vidal",
        trades: "* Conseil, * Énergie, * Informatique, * Ingénierie, Ateliers *, Boulangerie *, \
            Garage *, Imprimerie *, Laboratoires *, Maison *, Menuiserie *, Vignobles *",
        towns: "Angers, Besançon, Bordeaux, Dijon, Grenoble, Lille, Lyon, Nantes, Nîmes, Orléans, \
            Rennes",
        legal: "SARL, SA, SAS",
        phones: "+3361#######, +3367#######",
        mail: "gmail.com, orange.fr, free.fr, laposte.net, hotmail.fr",
    },
    Country {
        code: "ES",
        share: 9.0,
        first: "Adrián, Alejandro, Álvaro, Ana, Andrés, Ángela, Beatriz, Begoña, Carlos, Carmen, \
            Concepción, Cristina, Daniel, Diego, Elena, Fernando, Gonzalo, Iñaki, Inés, Irene, \
            Isabel, Javier, Joaquín, Jorge, José, Laura, Lucía, Manuel, María, Martín, Mónica, \
            Nuria, Óscar, Pablo, Pilar, Ramón, Raúl, Rocío, Rubén, Sofía, Teresa, Víctor",
        last: "Aguilar, Álvarez, Blanco, Cabrera, Calvo, Campos, Cano, Castaño, Castro, Crespo, \
            Delgado, Díaz, Domínguez, Fernández, Ferrer, Fuentes, Gallego, García, Gómez, \
            González, Gutiérrez, Hernández, Herrero, Ibáñez, Iglesias, Jiménez, León, López, \
            Marín, Martínez, Méndez, Molina, Moreno, Muñoz, Navarro, Núñez, Ortega, Pascual, \
            Peña, Pérez, Prieto, Ramírez, Rodríguez, Romero, Rubio, Ruiz, Sánchez, Santana, \
            Serrano, Soler, Suárez, Torres, Vázquez, Vega, Vidal",
        trades: "* Asesores, * Ingenieros, * Logística, Bodegas *, Construcciones *, Gráficas *, \
            Hermanos *, Imprenta *, Muebles *, Panadería *, Talleres *, Viajes *",
        towns: "Alicante, Bilbao, Cádiz, Córdoba, Gijón, Granada, Madrid, Málaga, Sevilla, \
            Valencia, Zaragoza",
        legal: "S.L., S.A.",
        phones: "+346########",
        mail: "gmail.com, hotmail.es, yahoo.es, outlook.es",
    },
    Country {
        code: "IT",
        share: 6.0,
        first: "Alessandra, Alessandro, Alessia, Andrea, Anna, Antonio, Beatrice, Bruno, \
            Caterina, Chiara, Davide, Elisa, Enrico, Federica, Federico, Francesca, Gabriele, \
            Giorgia, Giovanni, Giulia, Ilaria, Lorenzo, Luca, Lucia, Marco, Marta, Matteo, \
            Michele, Niccolò, Noemi, Paola, Paolo, Riccardo, Roberta, Sara, Serena, Simone, \
            Stefano, Tommaso, Valentina",
        last: "Barbieri, Basile, Bellini, Bernardi, Bianchi, Bruno, Caruso, Cattaneo, Colombo, \
            Conti, Coppola, Costa, De Luca, Esposito, Fabbri, Ferrara, Ferrari, Fontana, Gallo, \
            Gatti, Giordano, Greco, Grassi, Leone, Lombardi, Longo, Mancini, Mariani, Marini, \
            Martini, Mazza, Monti, Moretti, Negri, Orlando, Pellegrini, Ricci, Rinaldi, Riva, \
            Rizzo, Romano, Rossi, Russo, Sala, Santoro, Serra, Silvestri, Testa, Valentini, \
            Villa, Vitale",
        trades: "* Consulenza, * Impianti, Arredamenti *, Cantine *, Ceramiche *, Edilizia *, \
            Fratelli *, Officine *, Pastificio *, Sartoria *, Studio *, Tipografia *",
        towns: "Bari, Bologna, Firenze, Genova, Milano, Modena, Padova, Parma, Torino, Trieste, \
            Verona",
        legal: "S.r.l., S.p.A.",
        phones: "+39347#######, +39333#######",
        mail: "gmail.com, libero.it, virgilio.it, hotmail.it",
    },
    Country {
        code: "NL",
        share: 4.0,
        first: "Anouk, Bas, Daan, Eline, Esmée, Femke, Floris, Hanneke, Jeroen, Joost, Koen, \
            Lieke, Loïs, Maaike, Maarten, Marieke, Marjolein, Merel, Nienke, Pieter, Renske, \
            Ruben, Sander, Sanne, Sjoerd, Tess, Thijs, Tijmen, Wouter, Zoë",
        last: "Bakker, Bos, Brouwer, Bruin, Dekker, Dijkstra, Groen, Hendriks, Hoekstra, Jansen, \
            Kok, Koster, Kuipers, Meijer, Molenaar, Mulder, Peeters, Postma, Prins, Smit, \
            Timmermans, Veenstra, Verhoeven, Vermeulen, Visser, Vos, Willems, Zijlstra, de Boer, \
            de Graaf, de Groot, de Jong, de Vries, de Wit, van Beek, van Dam, van den Berg, \
            van der Linden, van der Meer, van Dijk, van Leeuwen, van Vliet",
        trades: "* Advies, * Bouw, * Installaties, * Interieur, * Logistiek, * Techniek, \
            * Verpakkingen, Bakkerij *, Drukkerij *, Garage *, Kwekerij *, Rederij *",
        towns: "Amersfoort, Amsterdam, Breda, Delft, Eindhoven, Groningen, Haarlem, Leiden, \
            Rotterdam, Utrecht",
        legal: "B.V., N.V.",
        phones: "+3161#######, +3162#######",
        mail: "gmail.com, ziggo.nl, kpnmail.nl, live.nl",
    },
    Country {
        code: "TR",
        share: 4.0,
        first: "Ahmet, Ali, Aslı, Ayşe, Barış, Burak, Çağla, Can, Ceren, Derya, Ebru, Ece, Elif, \
            Emine, Emre, Esra, Fatma, Gizem, Hasan, Hatice, İbrahim, İpek, İrem, Kaan, Kemal, \
            Mehmet, Merve, Murat, Mustafa, Nazlı, Oğuz, Onur, Selin, Serkan, Tolga, Yasemin, \
            Yiğit, Zeynep",
        last: "Acar, Aksoy, Arslan, Aslan, Ateş, Avcı, Aydın, Bozkurt, Bulut, Çakır, Çelik, \
            Çetin, Çiftçi, Demir, Demirci, Doğan, Işık, İnan, Kaplan, Karaca, Karataş, Kaya, \
            Keskin, Kılıç, Kurt, Kuş, Öztürk, Polat, Şahin, Sarı, Şen, Şimşek, Taş, Tekin, Uçar, \
            Uysal, Yalçın, Yavuz, Yıldırım, Yıldız, Yılmaz, Yurt",
        trades: "* Ambalaj, * Elektrik, * Enerji, * Gıda, * İnşaat, * Lojistik, * Makine, \
            * Mobilya, * Otomotiv, * Tekstil, * Turizm, * Yazılım",
        towns: "Adana, Ankara, Antalya, Bursa, Denizli, Eskişehir, İstanbul, İzmir, Kayseri, \
            Konya, Trabzon",
        legal: "Ltd. Şti., A.Ş.",
        phones: "+90532#######, +90542#######",
        mail: "gmail.com, hotmail.com, outlook.com",
    },
    Country {
        code: "BR",
        share: 3.0,
        first: "Amanda, Ana, André, Antônio, Beatriz, Bruna, Caio, Camila, Débora, Diego, \
            Eduardo, Fábio, Fernanda, Flávia, Gabriel, Gustavo, Helena, Inês, Isabela, João, \
            Júlia, Larissa, Letícia, Luís, Márcia, Mariana, Mateus, Otávio, Patrícia, Rafael, \
            Renata, Rodrigo, Sérgio, Tatiana, Thiago, Vinícius, Vitória",
        last: "Aguiar, Almeida, Alves, Amaral, Andrade, Aragão, Araújo, Assunção, Ávila, Azevedo, \
            Barbosa, Barros, Batista, Cardoso, Carvalho, Castro, Corrêa, Dias, Duarte, Farias, \
            Ferreira, Fonseca, Freitas, Gonçalves, Guimarães, Leão, Lima, Macedo, Magalhães, \
            Melo, Monteiro, Moura, Nascimento, Oliveira, Pacheco, Pereira, Queirós, Ramos, \
            Ribeiro, Rocha, Sampaio, Silva, Siqueira, Souza, Teixeira, Vasconcelos, Vieira, \
            da Costa, dos Santos",
        trades: "* Alimentos, * Consultoria, * Engenharia, * Tecnologia, Confecções *, \
            Construtora *, Gráfica *, Laticínios *, Metalúrgica *, Móveis *, Padaria *, Viveiro *",
        towns: "Belém, Brasília, Campinas, Curitiba, Florianópolis, Fortaleza, Goiânia, Recife, \
            Salvador, Santos",
        legal: "Ltda., S.A.",
        phones: "+55119########, +55219########",
        mail: "gmail.com, uol.com.br, bol.com.br, yahoo.com.br",
    },
];

/// The names that countries of English have in common.
const ENGLISH: Country = Country {
    code: "",
    share: 0.0,
    first: "Abigail, Alan, Alice, Amanda, Amy, Andrew, Anna, Anthony, Ashley, Barbara, Benjamin, \
        Brian, Carol, Charlotte, Christopher, Daniel, David, Deborah, Dennis, Diana, Edward, \
        Eleanor, Elizabeth, Emily, Eric, Ethan, Frances, George, Grace, Hannah, Helen, Henry, \
        Ian, Jack, James, Janet, Jennifer, Joan, Jonathan, Joshua, Julia, Karen, Keith, Kenneth, \
        Laura, Linda, Margaret, Mark, Martha, Mary, Matthew, Megan, Michelle, Nathan, Nicholas, \
        Oliver, Olivia, Patrick, Paul, Rachel, Rebecca, Richard, Robert, Ruth, Ryan, Samantha, \
        Samuel, Sarah, Scott, Sophie, Stephen, Susan, Thomas, Timothy, Victoria, Virginia, \
        Walter, William",
    last: "Adams, Allen, Anderson, Atkinson, Bailey, Baker, Barnes, Bell, Bennett, Brooks, \
        Campbell, Carter, Chapman, Clark, Coleman, Collins, Cooper, Crawford, Davidson, Davies, \
        Dawson, Dixon, Douglas, Edwards, Ellis, Evans, Fisher, Fleming, Foster, Fraser, Gibson, \
        Graham, Grant, Griffin, Hamilton, Harrison, Harvey, Hayes, Henderson, Hill, Holmes, \
        Howard, Hudson, Hughes, Hunter, Jenkins, Johnson, Jordan, Kelly, \
        Lawson, Lewis, Marshall, Mason, Matthews, Mitchell, Moore, Morgan, Morris, Murray, \
        Owens, Palmer, Parker, Patterson, Perry, Peterson, Phillips, Pearson, \
        Reed, Reynolds, Richardson, Roberts, Robinson, Rogers, Russell, Sanders, Scott, Shaw, \
        Simpson, Spencer, Stevens, Stewart, Sullivan, Taylor, Thompson, Tucker, Turner, Walker, \
        Wallace, Warren, Watson, Webb, Wells, Wheeler, Wilkinson, Wright",
    trades: "* & Daughters, * & Sons, * Analytics, * Construction, * Consulting, * Design, \
        * Energy, * Engineering, * Foods, * Group, * Interiors, * Logistics, * Marine, * Media, \
        * Optics, * Packaging, * Partners, * Robotics, * Software, * Systems, * Textiles, \
        * Travel",
    towns: "",
    legal: "",
    phones: "",
    mail: "",
};
